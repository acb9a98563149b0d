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
    from libs.tasks.exporters import catalogue
    from libs.tasks.exporting import Workshop
    from libs.tasks.parity import Wanted, check_parity
    from libs.tasks.predicting import load_model

    def tell_comparing(fraction: float, message: str) -> None:
        reporter.progress(MAKING + (1 - MAKING) * fraction, message)

    data, precision, device = assignment.model.data, assignment.precision, assignment.device
    exporter = catalogue.find(assignment.format, precision)
    # On the CPU, whatever the job holds: there the answers of all formats can be compared.
    loaded = load_model(assignment.model.package)
    reporter.progress(0.05, f"writing {exporter.name_of(precision)}")
    workshop = Workshop(loaded, assignment.directory, assignment.provenance, data, device)
    file = workshop.make(exporter, precision)
    wanted = Wanted(data, assignment.subset, precision, assignment.metric_tolerance, device)
    parity = check_parity(loaded, exporter, file, wanted, tell_comparing)
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Outcome(
        file=file,
        suffix=exporter.suffix,
        sha256=digest,
        size_bytes=file.stat().st_size,
        card=loaded.card,
        parity=parity,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
