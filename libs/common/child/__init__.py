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
from libs.common.child.parent import Child, ChildCrashed
from libs.common.child.reporter import Reporter

__all__ = [
    "CheckpointMessage",
    "Child",
    "ChildCrashed",
    "ChildMessage",
    "FailedMessage",
    "FinishedMessage",
    "LogMessage",
    "MetricsMessage",
    "ProgressMessage",
    "Reporter",
    "StepsMessage",
]
