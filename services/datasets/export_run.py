"""The process that writes an export: `python -m services.datasets.export_run spec.json`."""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from libs.common.child import Reporter
from libs.common.contracts.annotations import Annotation
from services.datasets.formats.format import Content
from services.datasets.formats.plan import Scalar
from services.datasets.formats.registry import FORMATS
from services.datasets.formats.sink import ZipSink
from services.datasets.full_disk import full_disk_named
from services.datasets.handover import ExportAssignment, ExportedSample, ExportOutcome

REPORT_EVERY = 200


def main(spec: Path) -> None:
    with Reporter.from_environment() as reporter:
        assignment = ExportAssignment.model_validate_json(spec.read_bytes())
        with full_disk_named("the export was written"):
            outcome = write_export(assignment, reporter)
        reporter.finished(outcome)


def write_export(assignment: ExportAssignment, reporter: Reporter) -> ExportOutcome:
    file, losses = assignment.directory / "export.zip", assignment.directory / "losses.jsonl"
    num_losses = 0
    with Samples(assignment, reporter) as samples:
        content = Content(assignment.modality, assignment.classes, samples)
        with ZipSink(file) as sink, losses.open("w") as lines:
            for loss in FORMATS[assignment.format].write(content, sink):
                lines.write(loss.model_dump_json() + "\n")
                num_losses += 1
        with file.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        return ExportOutcome(
            file=file,
            size_bytes=file.stat().st_size,
            sha256=digest,
            num_samples=samples.num_samples,
            num_losses=num_losses,
            losses=losses,
        )


class Samples:
    """Gone through as often as a format likes, in the order of names; contents are read when asked for."""

    def __init__(self, assignment: ExportAssignment, reporter: Reporter) -> None:
        self._path = assignment.samples
        self._reporter = reporter
        self._shards = {
            shard: os.open(path, os.O_RDONLY | os.O_CLOEXEC) for shard, path in assignment.shards.items()
        }
        with self._path.open() as lines:
            self.num_samples = sum(1 for _ in lines)

    def __iter__(self) -> Iterator["StoredSample"]:
        with self._path.open() as lines:
            for number, line in enumerate(lines):
                if number % REPORT_EVERY == 0:
                    self._reporter.progress(
                        number / self.num_samples, f"{number:,} of {self.num_samples:,} samples"
                    )
                yield StoredSample(ExportedSample.model_validate_json(line), self._shards)

    def __enter__(self) -> "Samples":
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._shards.values():
            os.close(descriptor)


class StoredSample:
    def __init__(self, row: ExportedSample, shards: Mapping[str, int]) -> None:
        self._row = row
        self._shards = shards

    @property
    def name(self) -> str:
        return self._row.name

    @property
    def media_type(self) -> str:
        return self._row.media_type

    @property
    def width(self) -> int:
        return self._row.width

    @property
    def height(self) -> int:
        return self._row.height

    @property
    def subset(self) -> str | None:
        return self._row.subset

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        return self._row.annotations

    @property
    def fields(self) -> Mapping[str, Scalar]:
        return self._row.fields

    def read(self) -> bytes:
        return os.pread(self._shards[self._row.shard], self._row.size_bytes, self._row.offset)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
