"""The process that evaluates: `python -m services.evaluator.run spec.json`; only here torch is loaded."""

import sys
from pathlib import Path

from libs.common.child import Reporter
from services.evaluator.handover import Assignment, Outcome


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = Assignment.model_validate_json(spec.read_bytes())
        reporter.progress(0, "loading the model")
        reporter.finished(evaluate(assignment, reporter))


def evaluate(assignment: Assignment, reporter: Reporter) -> Outcome:
    # Late: seconds of imports, in which the reporter already answers for this process.
    from libs.tasks import predicting

    outcome = Outcome(
        report=assignment.directory / "report.json", results=assignment.directory / "results.jsonl"
    )
    with outcome.results.open("w") as lines:
        report = predicting.evaluate(
            assignment.model.package,
            assignment.model.data,
            assignment.subsets,
            assignment.batch_size,
            assignment.device,
            reporter.progress,
            lambda result: lines.write(result.model_dump_json() + "\n"),
        )
    outcome.report.write_text(report.model_dump_json())
    return outcome


if __name__ == "__main__":
    main(Path(sys.argv[1]))
