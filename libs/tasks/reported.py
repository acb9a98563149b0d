"""A training that tells its parent process; loads no torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from libs.common.child import Reporter
from libs.common.contracts.base import View
from libs.common.contracts.telemetry import Progress

if TYPE_CHECKING:
    from libs.tasks.runtime import CheckpointFiles


class ReportedEvents:
    """The `TrainEvents` of a child; `kind` is the model that the parent reads checkpoints with."""

    def __init__(self, reporter: Reporter, kind: type[View]) -> None:
        self._reporter = reporter
        self._kind = kind

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None:
        self._reporter.metrics(step, values, epoch)

    def steps(self, first_step: int, values: Mapping[str, Sequence[float]], epoch: int) -> None:
        self._reporter.steps(first_step, values, epoch)

    def progress(self, progress: Progress) -> None:
        self._reporter.tell_progress(progress)

    def log(self, text: str) -> None:
        self._reporter.log(text)

    def checkpoint(self, files: "CheckpointFiles") -> None:
        fields = asdict(files) | {
            "package": files.package.resolve(),
            "resume": files.resume.resolve(),
            "metrics": finite(files.metrics),
        }
        self._reporter.checkpoint(self._kind(**fields))

    def should_stop(self) -> bool:
        return self._reporter.stop.is_set()


def finite(metrics: dict[str, float]) -> dict[str, float]:
    """NaN and infinities stay in the series; what speaks of the model, stored as JSON, cannot hold them."""
    return {key: value for key, value in metrics.items() if math.isfinite(value)}
