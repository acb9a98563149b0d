"""The process that trains: `python -m services.trainer.run spec.json`; only here torch is loaded."""

import sys
from pathlib import Path

from libs.common.child import Reporter
from libs.common.contracts.runs import TrainingOutcome
from libs.tasks.reported import ReportedEvents, finite
from services.trainer.handover import Assignment, WrittenCheckpoint


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = Assignment.model_validate_json(spec.read_bytes())
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
