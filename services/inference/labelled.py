"""Labelled samples of an archive: an image's folder is its class, or a CSV names files and labels."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from libs.common.contracts.annotations import Annotation, LabelAnnotation, LabelsAnnotation, TargetAnnotation
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.problems import Problem
from libs.common.errors import BadInput
from libs.common.zips import Zip, ZippedFile

FILE_COLUMNS = ("file", "filename", "file_name", "image", "path", "name")
LABEL_COLUMNS = ("label", "labels", "class", "classes", "target", "value", "y")
DELIMITERS = ",;\t"
# Between several labels of one image; a class may have such a letter in its own name.
BETWEEN_LABELS = (";", "|", ",")
MAX_TABLE_BYTES = 20 * 2**20


class LabelsAreUnclear(BadInput):
    code, title = "labels_unclear", "It cannot be told which sample has which label"


@dataclass(frozen=True)
class Labelled:
    """`row` is its place in the CSV or, without one, in the archive."""

    row: int
    file: ZippedFile
    truth: tuple[Annotation, ...]

    @property
    def name(self) -> str:
        return self.file.path


@dataclass(frozen=True)
class Labels:
    """What can be used, and what is left out by row and name."""

    samples: tuple[Labelled, ...]
    left_out: tuple[Problem, ...]


class LabelIsNone(Exception):
    """Of one sample: no label, or none that this model knows."""


def read_labels(archive: Zip, annotation_types: Sequence[str], card: ModelCard) -> Labels:
    """`annotation_types` are the task's. Raises LabelsAreUnclear."""
    tables = [file for file in archive.files if file.path.lower().endswith(".csv")]
    if len(tables) > 1:
        names = ", ".join(file.path for file in tables[:5])
        raise LabelsAreUnclear(f"there are {len(tables)} CSV files ({names}): send one")
    given = _by_table(archive, tables[0]) if tables else _by_folder(archive)
    classes = frozenset(card.classes)
    samples: list[Labelled] = []
    left_out: list[Problem] = []
    for row, name, file, text in given:
        try:
            if file is None:
                raise LabelIsNone("no such file is in the archive, or several are")
            samples.append(Labelled(row, file, _truth(text, annotation_types, classes)))
        except LabelIsNone as error:
            left_out.append(Problem(row=row, field=name, message=str(error)))
    return Labels(tuple(samples), tuple(left_out))


Given = Iterator[tuple[int, str, ZippedFile | None, str | None]]


def _by_folder(archive: Zip) -> Given:
    """The innermost folder: what is above it is a subset or the archive's own name."""
    for row, file in enumerate(archive.files):
        folder = file.path.rpartition("/")[0].rpartition("/")[2]
        yield row, file.path, file, folder or None


def _by_table(archive: Zip, table: ZippedFile) -> Given:
    """Row by row, then the files that no row names."""
    known = _Files(archive.files, table)
    row = -1
    for row, (name, label) in enumerate(_rows(archive, table)):
        yield row, name, known.find(name), label
    for number, file in enumerate(known.unnamed(), row + 1):
        yield number, file.path, file, None


class _Files:
    """By path, from the CSV's folder or from the archive's top, or by a name that only one of them has."""

    def __init__(self, files: Sequence[ZippedFile], table: ZippedFile) -> None:
        self._files = [file for file in files if file is not table]
        self._folder = table.path.rpartition("/")[0]
        self._by_path = {file.path: file for file in self._files}
        counts = Counter(_name(file.path) for file in self._files)
        self._by_name = {_name(file.path): file for file in self._files if counts[_name(file.path)] == 1}
        self._named: set[int] = set()

    def find(self, name: str) -> ZippedFile | None:
        path = name.replace("\\", "/").removeprefix("./")
        beside = f"{self._folder}/{path}" if self._folder else path
        found = self._by_path.get(beside) or self._by_path.get(path) or self._by_name.get(_name(path))
        if found is not None:
            self._named.add(found.number)
        return found

    def unnamed(self) -> Iterator[ZippedFile]:
        return (file for file in self._files if file.number not in self._named)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _rows(archive: Zip, table: ZippedFile) -> Iterator[tuple[str, str | None]]:
    """File and label of each row."""
    if table.size_bytes > MAX_TABLE_BYTES:
        raise LabelsAreUnclear(f"{table.path} has {table.size_bytes} bytes; {MAX_TABLE_BYTES} are the limit")
    try:
        text = archive.read(table).decode("utf-8-sig")
        delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = reader.fieldnames or ()
        file, label = _column(FILE_COLUMNS, columns, table), _column(LABEL_COLUMNS, columns, table)
        for row in reader:
            yield (row[file] or "").strip(), (row[label] or "").strip() or None
    except (UnicodeDecodeError, csv.Error) as error:
        raise LabelsAreUnclear(f"{table.path} is no CSV in UTF-8: {error}") from error


def _column(wanted: Sequence[str], columns: Sequence[str], table: ZippedFile) -> str:
    known: Mapping[str, str] = {column.strip().lower(): column for column in columns}
    found = next((known[name] for name in wanted if name in known), None)
    if found is None:
        named = ", ".join(columns)[:200] or "nothing"
        problem = Problem(field=wanted[0], message=f"name one column {' or '.join(wanted)}; there is {named}")
        raise LabelsAreUnclear(f"{table.path} has no column {wanted[0]!r}", errors=[problem])
    return found


def _truth(
    text: str | None, annotation_types: Sequence[str], classes: Collection[str]
) -> tuple[Annotation, ...]:
    """As the task annotates its samples. Raises LabelIsNone."""
    if text is None:
        raise LabelIsNone("it has no label")
    if "target" in annotation_types:
        return (_target(text),)
    if text in classes:
        return (LabelAnnotation(label=text),)
    labels = _split(text) if "labels" in annotation_types else [text]
    if unknown := [label for label in labels if label not in classes]:
        raise LabelIsNone(f"the model has no class {unknown[0][:100]!r}")
    return (LabelsAnnotation(labels=tuple(dict.fromkeys(labels))),)


def _split(text: str) -> list[str]:
    between = next((mark for mark in BETWEEN_LABELS if mark in text), None)
    return [part.strip() for part in text.split(between)] if between else [text]


def _target(text: str) -> TargetAnnotation:
    try:
        return TargetAnnotation(value=float(text))
    except ValueError as error:
        raise LabelIsNone(f"{text[:100]!r} is no number") from error
