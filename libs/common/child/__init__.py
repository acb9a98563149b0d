"""Child processes for heavy or dangerous work: they report through a pipe and never outlive their parent."""

from libs.common.child.messages import (
    CheckpointMessage,
    ChildMessage,
    FailedMessage,
    FinishedMessage,
    LogMessage,
    MetricsMessage,
    ProgressMessage,
    StepsMessage,
)
from libs.common.child.parent import Child, ChildCrashed, ChildFoundNoRoom, ChildWasKilled
from libs.common.child.reporter import Reporter

__all__ = [
    "CheckpointMessage",
    "Child",
    "ChildCrashed",
    "ChildFoundNoRoom",
    "ChildMessage",
    "ChildWasKilled",
    "FailedMessage",
    "FinishedMessage",
    "LogMessage",
    "MetricsMessage",
    "ProgressMessage",
    "Reporter",
    "StepsMessage",
]
