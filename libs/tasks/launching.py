"""Several processes of this machine that train together: started, heard, ended with the first that fails."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import TypeAdapter

from libs.common.child import (
    CheckpointMessage,
    Child,
    ChildCrashed,
    ChildMessage,
    FailedMessage,
    FinishedMessage,
    LogMessage,
    MetricsMessage,
    ProgressMessage,
    StepsMessage,
)
from libs.common.contracts.telemetry import Progress
from libs.common.errors import ModelyardError, ProblemDetails, error_from_problem
from libs.common.ids import new_id
from libs.tasks.config import TrainingConfig
from libs.tasks.ranks import MEETING_PLACE, OtherRankIsGone, Rank
from libs.tasks.request import TrainRequest, TrainResult
from libs.tasks.runtime import CheckpointFiles
from libs.tasks.telling import TrainEvents

MODULE = "libs.tasks.rank"
# The death of one makes the others fail; so long is waited for the one that was the cause.
CAUSE_SECONDS = 2.0
WISH_SECONDS = 0.2
FILES: TypeAdapter[CheckpointFiles] = TypeAdapter(CheckpointFiles)


class RankDied(ModelyardError):
    """By a signal: another attempt may well succeed."""

    code, status, title, retryable = "rank_died", 503, "One of several training processes was killed", True


class RankBroke(ModelyardError):
    code, status, title = "rank_broke", 500, "One of several training processes broke off"


def train_in_processes(request: TrainRequest, config: TrainingConfig, events: TrainEvents) -> TrainResult:
    """Each is a child of this process and dies with it. To be called from the main thread."""
    request = request.model_copy(update={"config": config.model_dump(mode="json")})
    return asyncio.run(_trained(request, config.num_devices, events))


async def _trained(request: TrainRequest, count: int, events: TrainEvents) -> TrainResult:
    folder = request.directory / "ranks" / str(new_id())
    async with AsyncExitStack() as stack:
        children = [
            await stack.enter_async_context(await _start(request, folder, n, count)) for n in range(count)
        ]
        first, *others = (
            asyncio.create_task(_follow(child, number, events if number == 0 else None))
            for number, child in enumerate(children)
        )
        wishing = asyncio.create_task(_pass_on_a_wish(children[0], events))
        try:
            return await _result(first, others)
        finally:
            for task in (first, *others, wishing):
                task.cancel()
            await asyncio.wait((first, *others, wishing))


async def _start(request: TrainRequest, folder: Path, number: int, count: int) -> Child:
    directory = folder / str(number)
    directory.mkdir(parents=True)
    rank = Rank(number, count, number, count)
    variables = rank.variables() | {MEETING_PLACE: str((folder / "meeting").resolve())}
    return await Child.start(MODULE, request, directory, environment=variables)


async def _result(
    first: asyncio.Task[TrainResult], others: Sequence[asyncio.Task[TrainResult]]
) -> TrainResult:
    """The first one's; the others have nothing to add, unless they fail before it."""
    running = {first, *others}
    while first in running:
        ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        if any(task.exception() for task in ended):
            late, _ = await asyncio.wait(running, timeout=CAUSE_SECONDS) if running else (set(), set())
            raise _cause([error for task in (*ended, *late) if (error := task.exception())])
    return first.result()


def _cause(errors: Sequence[BaseException]) -> BaseException:
    """A kill explains the others' failures, and they do not explain it; what is known explains the rest."""

    def rank(error: BaseException) -> int:
        return isinstance(error, RankBroke) + 2 * isinstance(error, OtherRankIsGone)

    killed = next((error for error in errors if isinstance(error, RankDied)), None)
    return killed or min(errors, key=rank)


async def _follow(child: Child, number: int, events: TrainEvents | None) -> TrainResult:
    result: TrainResult | None = None
    try:
        async for message in child.messages():
            if isinstance(message, FinishedMessage):
                result = TrainResult.model_validate(message.result)
            elif isinstance(message, FailedMessage):
                raise _told(message)
            elif events is not None:
                _pass_on(message, events)
    except ChildCrashed as error:
        kind = RankDied if error.exit_code < 0 else RankBroke
        raise kind(f"process {number}: {error.detail}") from error
    assert result is not None  # messages() raises ChildCrashed otherwise
    return result


def _pass_on(message: ChildMessage, events: TrainEvents) -> None:
    match message:
        case MetricsMessage():
            events.metrics(message.step, message.values, message.epoch)
        case StepsMessage():
            events.steps(message.first_step, message.values, message.epoch or 0)
        case ProgressMessage():
            events.progress(Progress.model_validate(message.model_dump(exclude={"at", "type"})))
        case CheckpointMessage():
            events.checkpoint(FILES.validate_python(message.data))
        case LogMessage():
            events.log(message.text)
        case FinishedMessage() | FailedMessage():
            pass


def _told(message: FailedMessage) -> ModelyardError:
    problem = ProblemDetails(
        title="The run could not be trained",
        status=503 if message.retryable else 422,
        detail=message.detail,
        code=message.code,
        retryable=message.retryable,
    )
    return error_from_problem(problem)


async def _pass_on_a_wish(child: Child, events: TrainEvents) -> None:
    while not events.should_stop():  # noqa: ASYNC110  # it is a question, not an event
        await asyncio.sleep(WISH_SECONDS)
    child.request_stop()
