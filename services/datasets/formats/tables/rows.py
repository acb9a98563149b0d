"""From one row of a table to a sample: its content, its name, its fields; what is wrong in it is told."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.common.contracts.imports import ImportProblem
from services.datasets.files import Entry, leads_out
from services.datasets.formats.contents import TextContent
from services.datasets.formats.json_values import write_json
from services.datasets.formats.plan import Content, FileContent, Found, Place, Scalar, rejected, repaired
from services.datasets.formats.subsets import subset_of_value
from services.datasets.formats.tables.cells import (
    LONGEST_FIELD,
    CellIsBad,
    Kind,
    checked,
    is_empty,
    scalar_of,
    text_of,
    typed,
)
from services.datasets.formats.tables.columns import Roles
from services.datasets.formats.tables.headings import FIELD, ROW
from services.datasets.formats.tables.images_inside import ImageInside
from services.datasets.formats.tables.row_annotations import Classes, read_annotations

# More are no description of a sample but its content, and every row carries them.
MOST_FIELDS = 64
LONGEST_COLUMN = 300
NO_FIELDS: Mapping[str, Scalar] = {}


@dataclass(frozen=True, slots=True)
class Row:
    """`number` counts from 1 in its file, as a spreadsheet shows it: a heading is a row, too."""

    number: int
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Draft:
    """A sample to be, and what was wrong in its row; `spare_name` is for when its name is not free.

    None where the name says which file it is: two rows are then about one sample.
    """

    found: Found
    problems: Sequence[ImportProblem] = ()
    spare_name: str | None = None


class Finder(Protocol):
    def find(self, cell: str, folder: str) -> Entry:
        """Raises CellIsBad."""
        ...

    def name_of(self, entry: Entry) -> str: ...


class RowReader(Protocol):
    """`dropped` are columns of which something was left out, and why."""

    dropped: dict[str, str]

    def read(self, row: Row) -> Draft:
        """Raises CellIsBad when the row can be no sample."""
        ...


@dataclass(frozen=True)
class Setting:
    """What is the same for all rows of a table; `stem` begins the names of samples that have none."""

    path: str
    stem: str
    subset: str | None
    lookup: Finder
    classes: Classes

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    def spare_name(self, row: Row) -> str:
        return f"{self.stem}/{row.number:08d}"

    def image(self, cell: object) -> tuple[Content, str | None]:
        """With the name of its sample, if it has one; raises CellIsBad."""
        if isinstance(cell, ImageInside):
            return cell, cell.name if cell.name and not leads_out(cell.name) else None
        if is_empty(cell):
            raise CellIsBad("file_missing", "the row names no file")
        entry = self.lookup.find(str(cell) if isinstance(cell, int) else text_of(cell), self.folder)
        return FileContent(entry), self.lookup.name_of(entry)


class ColumnReader:
    """Rows whose columns have roles; `kinds` are those of a table that holds nothing but text."""

    def __init__(self, setting: Setting, roles: Roles, kinds: Mapping[str, Kind] | None) -> None:
        self._setting, self._roles, self._kinds = setting, roles, kinds
        self._taken = roles.taken
        self.dropped: dict[str, str] = {}

    def read(self, row: Row) -> Draft:
        content, name = self._content(row)
        annotations = read_annotations(self._roles, row.cells, self._setting.classes)
        path, spare = self._setting.path, self._setting.spare_name(row)
        problems = [
            rejected(path, bad.code, bad.message, row=row.number, level="annotation")
            for bad in annotations.bad
        ]
        found = Found(
            content=content,
            name=name or spare,
            annotations=tuple(annotations.found),
            places=(Place(path, row.number),) * len(annotations.found),
            subset=self._subset(row, problems),
            fields=self._fields(row, problems),
        )
        return Draft(found, problems, None if isinstance(content, FileContent) else spare)

    def _content(self, row: Row) -> tuple[Content, str | None]:
        roles = self._roles
        if roles.path is not None:
            content, name = self._setting.image(row.cells.get(roles.path))
        else:
            text = text_of(row.cells.get(roles.text)) if roles.text is not None else self._row(row)
            if not text.strip():
                raise CellIsBad("text_empty", "the text is empty")
            content, name = TextContent(text.encode(), self._setting.path, row.number), None
        return content, self._own_name(row) or name

    def _own_name(self, row: Row) -> str | None:
        cell = row.cells.get(self._roles.name) if self._roles.name is not None else None
        return None if is_empty(cell) else own_name(cell)

    def _row(self, row: Row) -> str:
        """All of it, labels too, in the order of its columns; of a table of ours, what was the row."""
        if self._roles.name is None:
            values = {column: self._typed(row, column) for column in row.cells}
        else:
            own = [column for column in row.cells if column.startswith((ROW, FIELD))]
            values = {_bare(column): self._typed(row, column) for column in own}
        return write_json(_storable(values))

    def _typed(self, row: Row, column: str) -> object:
        value = row.cells[column]
        if self._kinds is None or not isinstance(value, str):
            return value
        return typed(self._kinds.get(column, "text"), value)

    def _subset(self, row: Row, problems: list[ImportProblem]) -> str | None:
        column = self._roles.subset
        value = row.cells.get(column) if column is not None else None
        if is_empty(value):
            return self._setting.subset
        subset = subset_of_value(str(value))
        if subset is None:
            message = f"{str(value)[:60]!r} cannot be the name of a subset; the sample is in none"
            problems.append(
                repaired(self._setting.path, "subset_invalid", message, row=row.number, level="sample")
            )
        return subset

    def _fields(self, row: Row, problems: list[ImportProblem]) -> Mapping[str, Scalar]:
        """Without those that say nothing."""
        found: dict[str, Scalar] = {}
        for column in row.cells:
            if column in self._taken or column.startswith(ROW):
                continue
            if len(found) == MOST_FIELDS or len(column) > LONGEST_COLUMN:
                self.dropped.setdefault(column, f"a sample has at most {MOST_FIELDS} fields of short names")
                continue
            try:
                value = scalar_of(self._typed(row, column))
            except CellIsBad as bad:
                if bad.code != "field_nested":
                    raise
                self.dropped.setdefault(column, bad.message)
                continue
            if not is_empty(value):
                found[_bare(column)] = self._short(row, column, value, problems)
        return found or NO_FIELDS

    def _short(self, row: Row, column: str, value: Scalar, problems: list[ImportProblem]) -> Scalar:
        if not isinstance(value, str) or len(value) <= LONGEST_FIELD:
            return value
        if self._roles.modality != "tabular":
            message = f"{column!r} has {len(value)} characters; the first {LONGEST_FIELD} are kept"
            problems.append(
                repaired(self._setting.path, "field_cut", message, row=row.number, level="sample")
            )
        return value[:LONGEST_FIELD]


def own_name(cell: object) -> str:
    """Of a sample, as a table of ours names it; raises CellIsBad."""
    name = text_of(cell)
    if not name or leads_out(name):
        raise CellIsBad("name_invalid", f"{name[:200]!r} cannot be the name of a sample")
    return name


def _bare(column: str) -> str:
    return column.removeprefix(FIELD) if column.startswith(FIELD) else column.removeprefix(ROW)


def _storable(value: object) -> object:
    """JSON knows no NaN and no infinity: there is no value then."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case str():
            return checked(value)
        case dict():
            return {name: _storable(inner) for name, inner in value.items()}
        case list():
            return [_storable(inner) for inner in value]
    return value
