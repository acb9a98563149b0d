"""What tests of formats share: files out of bytes, samples on their way out, and there and back again."""

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files, open_files
from services.datasets.fitting import fit
from services.datasets.formats.format import Content, Format
from services.datasets.formats.plan import Found, Place, Plan, Scalar
from services.datasets.formats.sink import ZipSink
from services.datasets.probe import probe
from services.datasets.settings import ArchiveLimits


@dataclass(frozen=True)
class Sample:
    """As an export meets it, in memory."""

    name: str
    annotations: tuple[Annotation, ...] = ()
    subset: str | None = None
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    width: int = 64
    height: int = 48
    media_type: str = "image/png"
    data: bytes | None = None

    def read(self) -> bytes:
        return picture(self.width, self.height) if self.data is None else self.data


@dataclass(frozen=True)
class Arrived:
    """A sample after import: completed and fitted, as a chunk does it."""

    name: str
    annotations: tuple[Annotation, ...]
    subset: str | None
    fields: Mapping[str, Scalar]
    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Trip:
    """`losses` are those of the export, `problems` those of the import after it."""

    samples: dict[str, Arrived]
    losses: list[ImportProblem]
    problems: list[ImportProblem]
    plan: Plan


@cache
def picture(width: int = 64, height: int = 48, kind: str = "PNG") -> bytes:
    """Grey, and small whatever its size."""
    buffer = io.BytesIO()
    Image.new("L", (width, height), 128).save(buffer, kind)
    return buffer.getvalue()


@contextmanager
def opened(files: Mapping[str, bytes | str]) -> Iterator[Files]:
    """A source that holds these; paths with a slash at the end are folders."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name, data in files.items():
                file.writestr(name, data)
        yield from _files(path)


def _files(path: Path) -> Iterator[Files]:
    with open_files(path, ArchiveLimits(), path.parent) as files:
        yield files


def read(format: Format, files: Mapping[str, bytes | str], options: FormatOptions | None = None) -> Trip:
    """An import of these files, in one process and without a room."""
    with opened(files) as source:
        return _arrive(format, source, options or FormatOptions(), [])


def round_trip(format: Format, content: Content, options: FormatOptions | None = None) -> Trip:
    """Export, then import of what was exported."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.zip"
        with ZipSink(path) as sink:
            losses = list(format.write(content, sink))
        for source in _files(path):
            assert format.fits(source), "a format recognises what it wrote"
            return _arrive(format, source, options or FormatOptions(), losses)
    raise AssertionError


def content(
    samples: Sequence[Sample], *, modality: Modality = "image", classes: Sequence[str] | None = None
) -> Content:
    """Classes are those of the annotations when nobody says."""
    found = {label for sample in samples for each in sample.annotations for label in _labels(each)}
    ordered = sorted(samples, key=lambda sample: sample.name)
    return Content(modality, tuple(sorted(found) if classes is None else classes), ordered)


def _arrive(format: Format, files: Files, options: FormatOptions, losses: list[ImportProblem]) -> Trip:
    plan = format.read(files, options)
    problems = list(plan.problems)
    samples: dict[str, Arrived] = {}
    for found in plan.samples:
        assert found.name not in samples, "names are unique in a plan"
        samples[found.name] = _arrived(found, plan, files, problems)
    return Trip(samples, losses, problems, plan)


def _arrived(found: Found, plan: Plan, files: Files, problems: list[ImportProblem]) -> Arrived:
    data = found.content.read(files)
    seen = probe(data, plan.modality)
    places = found.places or tuple(Place(found.content.place[0]) for _ in found.annotations)
    known = list(zip(found.annotations, places, strict=True))
    if found.completion is not None:
        for made in found.completion.annotations(files, seen.width, seen.height):
            problems.append(made) if isinstance(made, ImportProblem) else known.append(made)
    fitted = fit(known, seen.width, seen.height)
    problems.extend(fitted.problems)
    return Arrived(found.name, fitted.annotations, found.subset, found.fields, data, seen.width, seen.height)


def _labels(annotation: Annotation) -> Sequence[str]:
    if annotation.type == "labels":
        return annotation.labels
    label = getattr(annotation, "label", None)
    return [label] if label else []
