"""The process that reads a model from elsewhere: `python -m services.exporter.import_run spec.json`.

It can write into its own folder only and reach nobody.
"""

import hashlib
import sys
from pathlib import Path

from libs.common.child import Reporter
from libs.common.child.confinement import confine
from services.exporter.import_handover import ImportAssignment, ImportOutcome


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = ImportAssignment.model_validate_json(spec.read_bytes())
        confine(assignment.directory, cpu_seconds=assignment.cpu_seconds)
        reporter.progress(0.1, "reading the file")
        reporter.finished(bring_in(assignment, reporter))


def bring_in(assignment: ImportAssignment, reporter: Reporter) -> ImportOutcome:
    # Late: seconds of imports, in which the reporter already answers for this process.
    from libs.tasks.foreign.bringing_in import bring_in

    file = assignment.directory / "model.onnx"
    card = bring_in(assignment.file, file, assignment.model, assignment.filename, reporter.progress)
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return ImportOutcome(file=file, sha256=digest, size_bytes=file.stat().st_size, card=card)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
