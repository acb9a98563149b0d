"""DOTA: a text file per image in `labelTxt`, an object per line: four corners, clockwise, and its class."""

from collections.abc import Iterator
from functools import partial

from libs.common.contracts.annotations import RotatedBoxAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.corners import corners_of
from services.datasets.formats.dota.lines import HEADERS, as_label, as_text, header_value
from services.datasets.formats.dota.reading import IMAGE_FOLDERS, DotaListing, DotaReading
from services.datasets.formats.folder_writing import FolderExport, roles_read, without_labels
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.losses import fields_lost, types_lost
from services.datasets.formats.plan import Plan, repaired


class Dota:
    title = "DOTA"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries = frozenset({"rotated_box"})

    def fits(self, files: Files) -> bool:
        return DotaListing(files).is_of_dota(files)

    def read(self, files: Files, options: FormatOptions) -> Plan:
        return DotaReading(files, options).plan()

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        samples = partial(without_labels, content)
        export = FolderExport(samples, partial(roles_read, folders=IMAGE_FOLDERS), "images")
        for sample, path, meaning in export:
            sink.add(path, sample.read())
            sink.add(export.beside(path, "labelTxt", ".txt"), _written(sample).encode())
            yield from types_lost(sample, self.carries)
            yield from fields_lost(sample, _fields_kept(sample))
            yield from export.losses(sample, meaning)
            yield from _labels_changed(sample)


def _written(sample: Stored) -> str:
    kept = _fields_kept(sample)
    lines = [f"{name}:{as_text(sample.fields[name]) if name in kept else 'null'}" for name in HEADERS]
    lines += [_line(box) for box in _boxes(sample)]
    return "".join(f"{line}\n" for line in lines)


def _line(box: RotatedBoxAnnotation) -> str:
    numbers = " ".join(repr(float(number)) for corner in corners_of(box) for number in corner)
    return f"{numbers} {as_label(box.label)} {int(box.is_ignored)}"


def _fields_kept(sample: Stored) -> frozenset[str]:
    """Those that are read again as they are."""
    return frozenset(
        name
        for name in HEADERS
        if (value := sample.fields.get(name)) is not None and header_value(name, as_text(value)) == value
    )


def _labels_changed(sample: Stored) -> Iterator[ImportProblem]:
    if changed := sorted({box.label for box in _boxes(sample) if as_label(box.label) != box.label}):
        written = ", ".join(repr(as_label(label)) for label in changed)[:300]
        message = f"words of labels are separated by single spaces: {written}"
        yield repaired(sample.name, "label_changed", message)


def _boxes(sample: Stored) -> list[RotatedBoxAnnotation]:
    return [each for each in sample.annotations if isinstance(each, RotatedBoxAnnotation)]
