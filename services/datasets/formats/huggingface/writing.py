"""Parquet parts, one for each subset, whose schema says what Hugging Face's `load_dataset` has to know.

Columns are those of `flat_form.py`; the label is a ClassLabel, labels are a sequence of them, and an image is
its bytes with its name. What is in no subset goes into the part `data`.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa

from libs.common.contracts.imports import ImportProblem
from services.datasets.files import Entry
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.subsets import subset_of_path
from services.datasets.formats.tables.arrow_tables import HUGGING_FACE
from services.datasets.formats.tables.arrow_writing import IMAGE, parquet
from services.datasets.formats.tables.checking import Checker
from services.datasets.formats.tables.delimited_writing import text_of_cell
from services.datasets.formats.tables.flat_form import (
    CAPTIONS,
    LABEL,
    LABELS,
    PATH,
    SUBSET,
    TEXT,
    FlatForm,
    cells_of,
    form_of,
)
from services.datasets.formats.tables.headings import FIELD, SAMPLE_NAME, TARGET
from services.datasets.formats.tables.images_inside import ImageInside
from services.datasets.formats.tables.own_rows import OwnNames
from services.datasets.formats.tables.reading import ROWS_LOOKED_AT
from services.datasets.labels import labels_of

IMAGE_COLUMN = "image"
NO_SUBSET = "data"
# Of fields, as far as all of one name have one type; else they are texts.
KINDS: dict[type, tuple[pa.DataType, str]] = {
    bool: (pa.bool_(), "bool"),
    int: (pa.int64(), "int64"),
    float: (pa.float64(), "float64"),
    str: (pa.string(), "string"),
}

NOWHERE = Entry(0, "", 0)

Cells = dict[str, object]
# In Arrow, and in the words of Hugging Face.
Kind = tuple[pa.DataType, Mapping[str, Any]]


def write_huggingface(content: Content, sink: Sink, carries: frozenset[str]) -> Iterator[ImportProblem]:
    form = form_of(content)
    parts = _parts(content)
    # Elsewhere the name of the part says it.
    form.has_subset = any(
        subset_of_path(path) != subset for path, subsets in parts.items() for subset in subsets
    )
    columns = _Columns(form, content)
    names = OwnNames()
    for path, subsets in sorted(parts.items()):
        here = islice(_in(content, subsets), ROWS_LOOKED_AT)
        checker = Checker(
            columns.schema.names,
            [columns.as_read(sample, sample.name) for sample in here],
            carries=carries,
            is_text=False,
            images=(IMAGE_COLUMN,) if form.is_image else (),
            classes=columns.classes,
            subset=subset_of_path(path),
        )
        with parquet(sink, path, columns.schema) as rows:
            for sample in _in(content, subsets):
                name = names.of(sample)
                yield from checker.losses(sample, name, columns.as_read(sample, name))
                rows.add(*columns.as_written(sample, name))


def _in(content: Content, subsets: set[str | None]) -> Iterator[Stored]:
    return (sample for sample in content.samples if sample.subset in subsets)


def _parts(content: Content) -> dict[str, set[str | None]]:
    """Paths, each with what goes there; the library takes no hyphen in the name of a split."""
    found: dict[str, set[str | None]] = defaultdict(set)
    for sample in content.samples:
        word = (sample.subset or NO_SUBSET).replace("-", "_")
        found[f"data/{word}-00000-of-00001.parquet"].add(sample.subset)
    return dict(found)


class _Columns:
    """What they are in Arrow, what Hugging Face calls that, and the values of a sample."""

    def __init__(self, form: FlatForm, content: Content) -> None:
        self._form = form
        used = (label for sample in content.samples for label in labels_of(sample.annotations))
        self._names = tuple(dict.fromkeys((*content.classes, *sorted(set(used)))))
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self.classes = {LABEL: self._names, LABELS: self._names}
        kinds = dict(self._kinds())
        told = {"info": {"features": {name: feature for name, (_, feature) in kinds.items()}}}
        self.schema = pa.schema(
            [(name, kind) for name, (kind, _) in kinds.items()], {HUGGING_FACE: json.dumps(told).encode()}
        )

    def as_read(self, sample: Stored, name: str) -> Cells:
        cells = self._cells(sample, name)
        if self._form.is_image:
            inside = ImageInside(NOWHERE, "parquet", IMAGE_COLUMN, 0, 0, 1, 1, 0, name)
            return {IMAGE_COLUMN: inside, **cells}
        return cells

    def as_written(self, sample: Stored, name: str) -> tuple[Cells, int]:
        """With the size of the content."""
        cells = self._cells(sample, name)
        if self._form.is_image:
            data = sample.read()
            return {IMAGE_COLUMN: {"bytes": data, "path": name}, **cells}, len(data)
        return cells, len(str(cells[TEXT]))

    def _cells(self, sample: Stored, name: str) -> Cells:
        cells = cells_of(self._form, sample, name)
        cells.pop(PATH, None)
        if self._form.has_label and cells[LABEL] is not None:
            cells[LABEL] = self._numbers[str(cells[LABEL])]
        if self._form.has_labels and isinstance(labels := cells[LABELS], list):
            cells[LABELS] = [self._numbers[label] for label in labels]
        for field in self._form.fields_alone:
            column = f"{FIELD}{field}"
            cells[column] = _of_kind(_kind(self._form.fields[field]), cells[column])
        return cells

    def _kinds(self) -> Iterator[tuple[str, Kind]]:
        form, classes = self._form, {"names": list(self._names), "_type": "ClassLabel"}
        if form.is_image:
            yield IMAGE_COLUMN, (IMAGE, {"_type": "Image"})
        else:
            yield SAMPLE_NAME, _value(str)
            yield TEXT, _value(str)
        if form.has_captions:
            yield CAPTIONS, _several(_value(str))
        if form.has_label:
            yield LABEL, (pa.int64(), classes)
        if form.has_labels:
            yield LABELS, _several((pa.int64(), classes))
        yield from ((f"{TARGET}{name}", _value(float)) for name in form.targets)
        if form.has_subset:
            yield SUBSET, _value(str)
        yield from ((f"{FIELD}{name}", _value(_kind(form.fields[name]))) for name in form.fields_alone)


def _value(kind: type) -> Kind:
    arrow, dtype = KINDS[kind]
    return arrow, {"dtype": dtype, "_type": "Value"}


def _several(inner: Kind) -> Kind:
    arrow, feature = inner
    return pa.list_(arrow), {"feature": feature, "_type": "Sequence"}


def _kind(types: set[type]) -> type:
    """One that holds all values of a field."""
    if types == {int, float}:
        return float
    return next(iter(types)) if len(types) == 1 else str


def _of_kind(kind: type, value: object) -> object:
    if value is None or isinstance(value, kind):
        return value
    return float(str(value)) if kind is float else text_of_cell(value)
