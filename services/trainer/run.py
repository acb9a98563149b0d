"""The process that trains: `python -m services.trainer.run spec.json`; only here torch is loaded.

Started by hand instead of by a worker, it prints what it would report. On several nodes, on each:
`torchrun --nnodes 2 --nproc-per-node 4 --rdzv-endpoint HOST:29500 -m services.trainer.run spec.json`.
"""

import sys
from pathlib import Path

from libs.common.child import Reporter
from libs.common.contracts.attempts import TrainingOutcome
from libs.common.errors import ModelyardError
from libs.tasks.printed import PrintedEvents
from libs.tasks.reported import ReportedEvents, finite
from services.trainer.handover import Assignment, WrittenCheckpoint


def main(spec: Path) -> None:
    assignment = Assignment.model_validate_json(spec.read_bytes())
    if Reporter.is_awaited():
        _report(assignment)
    else:
        _print(assignment)


def _report(assignment: Assignment) -> None:
    """For a worker."""
    with Reporter.from_environment() as reporter:
        reporter.progress(0, "loading PyTorch")
        # Late: seconds of imports, in which the reporter already answers for this process.
        from libs.tasks import training

        request = training.TrainRequest(**dict(assignment))
        result = training.train(request, ReportedEvents(reporter, WrittenCheckpoint))
        outcome = TrainingOutcome(
            num_epochs=result.num_epochs,
            num_steps=result.num_steps,
            metrics=finite(result.metrics),
            stopped_early=result.is_stopped,
        )
        reporter.finished(outcome)


def _print(assignment: Assignment) -> None:
    """For whoever started it, torchrun perhaps."""
    from libs.tasks import training

    try:
        training.train(training.TrainRequest(**dict(assignment)), PrintedEvents())
    except ModelyardError as error:
        sys.exit(f"{error.title}: {error.detail}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
