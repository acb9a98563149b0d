"""What a child tells its parent: one JSON object per line on the report pipe."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

from libs.common.contracts.base import View, now
from libs.common.contracts.telemetry import Progress

MAX_LINE_BYTES = 2**20
MAX_LOG_CHARACTERS = 8000


class Message(View):
    # A loss that became NaN must reach the parent as NaN, not as null.
    model_config = ConfigDict(ser_json_inf_nan="strings")

    at: AwareDatetime = Field(default_factory=now)


class ProgressMessage(Message, Progress):
    type: Literal["progress"] = "progress"


class MetricsMessage(Message):
    type: Literal["metrics"] = "metrics"
    step: Annotated[int, Field(ge=0)]
    values: dict[str, float]
    epoch: int | None = None


class StepsMessage(Message):
    """Values of steps that follow each other, from `first_step` on; each series has as many."""

    type: Literal["steps"] = "steps"
    first_step: Annotated[int, Field(ge=0)]
    values: dict[str, list[float]]
    epoch: int | None = None


class LogMessage(Message):
    """`stream` says whether it was reported, or printed to stdout or stderr."""

    type: Literal["log"] = "log"
    text: str
    level: Literal["debug", "info", "warning", "error"] = "info"
    stream: Literal["report", "stdout", "stderr"] = "report"


class CheckpointMessage(Message):
    """A checkpoint lies whole on the disk; `data` says where and what it is."""

    type: Literal["checkpoint"] = "checkpoint"
    data: dict[str, Any]


class FinishedMessage(Message):
    type: Literal["finished"] = "finished"
    result: dict[str, Any]


class FailedMessage(Message):
    type: Literal["failed"] = "failed"
    code: str
    detail: str
    retryable: bool = False


ChildMessage = (
    ProgressMessage
    | MetricsMessage
    | StepsMessage
    | LogMessage
    | CheckpointMessage
    | FinishedMessage
    | FailedMessage
)
MESSAGES: TypeAdapter[ChildMessage] = TypeAdapter(Annotated[ChildMessage, Field(discriminator="type")])
