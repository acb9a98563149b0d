"""CSV written so that reading it again gives the same: the columns of `flat_form.py`, in UTF-8.

A cell that a spreadsheet could run as a formula (it begins with = + - @, a tab or a line end) gets an
apostrophe in front, which our reader takes off. Numbers are left as they are.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.json_values import write_json
from services.datasets.formats.outgoing import Names
from services.datasets.formats.tables.checking import Checker
from services.datasets.formats.tables.delimited_table import escaped
from services.datasets.formats.tables.flat_form import LABELS, FlatForm, cells_of, form_of
from services.datasets.formats.tables.own_rows import OwnNames
from services.datasets.formats.tables.reading import ROWS_LOOKED_AT

CARRIES = frozenset({"label", "labels", "target"})
TABLE = "samples.csv"
TABLES = frozenset({".csv", ".tsv"})

Written = tuple[Stored, str, dict[str, str]]


class _AnyButTables:
    """Suffixes that an image may keep: what ends like a table would be read as one."""

    def __contains__(self, suffix: object) -> bool:
        return suffix not in TABLES


def write_delimited(content: Content, sink: Sink) -> Iterator[ImportProblem]:
    form = form_of(content)
    form.has_captions = False
    names = _put_files(form, content, sink)
    rows = _rows(form, content, names)
    beginning = list(islice(rows, ROWS_LOOKED_AT))
    columns = list(beginning[0][2]) if beginning else []
    checker = Checker(columns, [cells for _, _, cells in beginning], carries=CARRIES, is_text=True)
    with sink.open(TABLE) as file, io.TextIOWrapper(file, "utf-8", newline="", write_through=True) as text:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(columns)
        for sample, name, cells in chain(beginning, rows):
            writer.writerow(_line(cells))
            yield from checker.losses(sample, name, cells)


def _put_files(form: FlatForm, content: Content, sink: Sink) -> Sequence[str] | None:
    if not form.is_image:
        return None
    names, paths = Names(_AnyButTables()), []
    for sample in content.samples:
        paths.append(names.of(sample))
        sink.add(paths[-1], sample.read())
    return paths


def _rows(form: FlatForm, content: Content, names: Iterable[str] | None) -> Iterator[Written]:
    samples = iter(content.samples)
    named = zip(samples, names, strict=True) if names is not None else _once(samples)
    for sample, name in named:
        yield sample, name, _text_cells(form, cells_of(form, sample, name))


def _once(samples: Iterable[Stored]) -> Iterator[tuple[Stored, str]]:
    names = OwnNames()
    for sample in samples:
        yield sample, names.of(sample)


def _text_cells(form: FlatForm, cells: Mapping[str, object]) -> dict[str, str]:
    """As they will be read: before formulas are made harmless."""
    found: dict[str, str] = {}
    for column, value in cells.items():
        if column == LABELS:
            found[form.own_labels] = _joined(value, form.separator)
        else:
            found[column] = text_of_cell(value)
    return found


def text_of_cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return value
        case int() | float():
            return repr(value)
    return write_json(value)


def _joined(labels: object, separator: str) -> str:
    """The separator alone when it is none of the classes; nothing when nobody said."""
    if not isinstance(labels, list):
        return ""
    return separator.join(labels) or separator


def _line(cells: Mapping[str, str]) -> list[str]:
    return [escaped(cell) for cell in cells.values()]
