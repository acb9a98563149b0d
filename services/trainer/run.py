"""The process that trains: `python -m services.trainer.run spec.json`; only here torch is loaded."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from libs.common.child import Reporter
from libs.common.contracts.runs import TrainingOutcome
from libs.common.contracts.telemetry import Progress
from services.trainer.handover import Assignment, WrittenCheckpoint

if TYPE_CHECKING:
    from libs.tasks.runtime import CheckpointFiles


class Events:
    """Passes on what a training tells."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None:
        self._reporter.metrics(step, values, epoch)

    def progress(self, progress: Progress) -> None:
        self._reporter.tell_progress(progress)

    def log(self, text: str) -> None:
        self._reporter.log(text)

    def checkpoint(self, files: "CheckpointFiles") -> None:
        written = WrittenCheckpoint(
            epoch=files.epoch,
            step=files.step,
            is_best=files.is_best,
            package=files.package.resolve(),
            resume=files.resume.resolve(),
            metrics=finite(files.metrics),
            is_kept=files.is_kept,
        )
        self._reporter.checkpoint(written)

    def should_stop(self) -> bool:
        return self._reporter.stop.is_set()


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = Assignment.model_validate_json(spec.read_bytes())
        reporter.progress(0, "loading PyTorch")
        # Late: seconds of imports, in which the reporter already answers for this process.
        from libs.tasks import training

        request = training.TrainRequest(**dict(assignment))
        result = training.train(request, Events(reporter))
        outcome = TrainingOutcome(
            num_epochs=result.num_epochs,
            num_steps=result.num_steps,
            metrics=finite(result.metrics),
            stopped_early=result.is_stopped,
        )
        reporter.finished(outcome)


def finite(metrics: dict[str, float]) -> dict[str, float]:
    """NaN and infinities stay in the series; what speaks of the model, stored as JSON, cannot hold them."""
    return {key: value for key, value in metrics.items() if math.isfinite(value)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
