"""A job whose heavy part runs in a child process: its progress and its failure become the job's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from libs.common.child import (
    CheckpointMessage,
    Child,
    FailedMessage,
    FinishedMessage,
    LogMessage,
    ProgressMessage,
)
from libs.common.errors import ModelyardError, ProblemDetails, error_from_problem
from libs.common.jobs.work import Work
from libs.common.log import get_logger

Result = TypeVar("Result", bound=BaseModel)
OnCheckpoint = Callable[[dict[str, Any]], Awaitable[None]]
log = get_logger(__name__)


async def delegate(
    work: Work[Any],
    module: str,
    spec: BaseModel,
    result: type[Result],
    *,
    environment: Mapping[str, str] | None = None,
    memory_limit_bytes: int | None = None,
    on_checkpoint: OnCheckpoint | None = None,
) -> Result:
    """What `python -m <module>` finished with, in the job's own folder.

    `on_checkpoint` gets what the child lays down on its way, one after another. Raises what the child
    failed with, or ChildCrashed; a job that is not wanted any more ends its child.
    """
    started = Child.start(
        module, spec, work.directory, environment=environment, memory_limit_bytes=memory_limit_bytes
    )
    async with await started as child:
        ending = asyncio.create_task(_end_when_unwanted(work, child))
        try:
            return result.model_validate(await _follow(work, child, on_checkpoint))
        finally:
            ending.cancel()


async def _end_when_unwanted(work: Work[Any], child: Child) -> None:
    await work.stop.wait()
    await child.terminate()


async def _follow(work: Work[Any], child: Child, on_checkpoint: OnCheckpoint | None) -> dict[str, Any]:
    """To the very end, also after the result: a child that then crashes has not finished."""
    found: dict[str, Any] = {}
    async for message in child.messages():
        match message:
            case ProgressMessage(fraction=fraction, message=text):
                await work.progress(fraction, text)
            case CheckpointMessage(data=data) if on_checkpoint is not None:
                await on_checkpoint(data)
            case FinishedMessage(result=found):
                pass
            case FailedMessage():
                raise _failure(message)
            case LogMessage(text=text, stream=stream):
                log.info("child_said", text=text, stream=stream)
    return found


def _failure(message: FailedMessage) -> ModelyardError:
    problem = ProblemDetails(
        title="The job could not be done",
        status=503 if message.retryable else 422,
        detail=message.detail,
        code=message.code,
        retryable=message.retryable,
    )
    return error_from_problem(problem)
