"""The process that exports: `python -m services.exporter.run spec.json`; only here torch is loaded."""

import hashlib
import sys
from pathlib import Path

from libs.common.child import Reporter
from services.exporter.handover import Assignment, Outcome

# Share of the progress bar that is spent on making the file; the rest compares it with the model.
MAKING = 0.3


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = Assignment.model_validate_json(spec.read_bytes())
        reporter.progress(0, "loading the model")
        reporter.finished(export(assignment, reporter))


def export(assignment: Assignment, reporter: Reporter) -> Outcome:
    # Late: seconds of imports, in which the reporter already answers for this process.
    from libs.tasks import exporting

    def tell_comparing(fraction: float, message: str) -> None:
        reporter.progress(MAKING + (1 - MAKING) * fraction, message)

    package = assignment.model.package
    file = assignment.directory / f"model.{assignment.format.value}"
    reporter.progress(0.05, f"writing {file.name}")
    card = exporting.export_onnx(package, file, assignment.provenance)
    parity = exporting.check_parity(package, file, assignment.model.data, assignment.subset, tell_comparing)
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Outcome(file=file, sha256=digest, size_bytes=file.stat().st_size, card=card, parity=parity)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
