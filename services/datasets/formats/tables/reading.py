"""Tables of a source to one plan: what each column is, every row, every file left over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Protocol

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from libs.common.errors import BadInput, ModelyardError
from services.datasets.files import EntryIsDamaged, EntryIsTooLarge, Files
from services.datasets.formats.contents import TextContent
from services.datasets.formats.lookup import Lookup, is_image_path
from services.datasets.formats.plan import FileContent, Plan, rejected, warning
from services.datasets.formats.tables.cells import CellIsBad, Kind, kind_of
from services.datasets.formats.tables.columns import Look, Roles, roles_of
from services.datasets.formats.tables.damage import TableIsBomb, TableIsDamaged
from services.datasets.formats.tables.merging import Gathered
from services.datasets.formats.tables.own_rows import OwnReader, is_own, modality_of
from services.datasets.formats.tables.rows import ColumnReader, Draft, Row, RowReader, Setting

ROWS_LOOKED_AT = 1000
ROWS_GLANCED_AT = 50
# Cells may be long: so much of the beginning is held at once.
CHARACTERS_LOOKED_AT = 32 * 2**20
MOST_ROWS = 10_000_000
# Of one table; others may be good.
DAMAGE = (TableIsDamaged, TableIsBomb, EntryIsDamaged, EntryIsTooLarge)
# Texts and rows wait in memory until they are packed.
MOST_INLINE_BYTES = 4 * 2**30


class ColumnIsMissing(BadInput):
    code, title = "column_missing", "A column that the options name is not there"


class TableIsTooLarge(BadInput):
    code, title = "table_too_large", "The tables hold more than can be imported at once"


class NoTable(BadInput):
    code, title = "table_missing", "There is no table of this format"


class Table(Protocol):
    """`rows` can be asked for once; `is_text` where cells hold nothing but text."""

    path: str
    subset: str | None
    problems: list[ImportProblem]

    @property
    def columns(self) -> Sequence[str]:
        """In their order; none where only rows tell. Raises TableIsDamaged or another BadInput."""
        ...

    @property
    def images(self) -> tuple[str, ...]: ...

    @property
    def classes(self) -> Mapping[str, tuple[str, ...]]: ...

    @property
    def is_text(self) -> bool: ...

    def rows(self) -> Iterator[Row | ImportProblem]: ...

    def close(self) -> None: ...


def plan_tables(
    files: Files,
    tables: Iterable[Table],
    options: FormatOptions,
    *,
    is_known: frozenset[str] = frozenset(),
) -> Plan:
    """`is_known` are paths that are no data and need not be told: what a format's own notes are.

    Raises ColumnIsMissing, TableIsTooLarge, or what the only table raised.
    """
    planner = _Planner(Lookup(files), options)
    for table in tables:
        with closing(table):
            planner.add(table)
    return planner.plan(is_known)


def roles_at_first_sight(lookup: Lookup, table: Table) -> Roles | None:
    """By the first rows; None when the table cannot be read."""
    try:
        with closing(table):
            columns, rows = tuple(table.columns), islice(table.rows(), ROWS_GLANCED_AT)
            return roles_of(
                look_at(lookup, table, columns, [row.cells for row in rows if isinstance(row, Row)]),
                FormatOptions(),
            )
    except ModelyardError:
        return None


def tells_samples(files: Files, table: Table) -> bool:
    """Among images, a table that names none of them is about something else; a broken one may be meant."""
    lookup = Lookup(files)
    if not any(is_image_path(entry.path) for entry in lookup.entries):
        return True
    roles = roles_at_first_sight(lookup, table)
    return roles is None or roles.path is not None


def look_at(
    lookup: Lookup, table: Table, columns: tuple[str, ...], rows: Sequence[Mapping[str, object]]
) -> Look:
    return Look(
        columns=columns or tuple(dict.fromkeys(column for row in rows for column in row)),
        rows=rows,
        images=table.images,
        classes={name: names for name, names in table.classes.items() if name in columns},
        is_file=partial(lookup.is_file, folder=table.path.rpartition("/")[0]),
    )


class _Planner:
    def __init__(self, lookup: Lookup, options: FormatOptions) -> None:
        self._lookup, self._options = lookup, options
        self._gathered = Gathered()
        self._modality: Modality | None = None
        self._problems: list[ImportProblem] = []
        self._tables: set[str] = set()
        self._columns: dict[str, None] = {}
        self._classes: dict[str, None] = {}
        self._errors: list[ModelyardError] = []
        self._told: set[tuple[str, ...]] = set()
        self._num_rows = self._num_bytes = self._num_annotations = 0

    def add(self, table: Table) -> None:
        self._tables.add(table.path)
        try:
            self._read(table)
        except DAMAGE as error:
            self._problems.append(self._damaged(table, error))

    def _damaged(self, table: Table, error: ModelyardError) -> ImportProblem:
        self._errors.append(error)
        return rejected(table.path, error.code, error.detail)

    def _rows(self, table: Table) -> Iterator[Row | ImportProblem]:
        """Where it breaks off, the rows before are good."""
        try:
            yield from table.rows()
        except DAMAGE as error:
            yield self._damaged(table, error)

    def plan(self, is_known: frozenset[str]) -> Plan:
        """What is wrong with the options is said first: nothing else can be trusted then."""
        self._require_columns()
        self._gathered.settle()
        if not self._gathered.samples and self._errors:
            raise self._errors[0]
        samples = list(self._gathered.samples.values())
        labels = self._gathered.labels()
        kinds = {annotation.type for found in samples for annotation in found.annotations}
        modality = self._modality or "tabular"
        return Plan(
            "image_text" if modality == "image" and "caption" in kinds else modality,
            samples,
            [*self._problems, *self._gathered.problems, *self._left_over(is_known)],
            num_annotations=self._num_annotations,
            classes=(*self._classes, *sorted(labels - self._classes.keys())),
        )

    def _read(self, table: Table) -> None:
        columns = tuple(table.columns)
        rows = self._rows(table)
        first = list(_beginning(rows))
        look = look_at(self._lookup, table, columns, [item.cells for item in first if isinstance(item, Row)])
        self._columns |= dict.fromkeys(look.columns)
        reader, modality = self._reader(table, look)
        self._problems.extend(table.problems)
        if not self._is_of_kind(table, modality, bool(look.rows)):
            return
        for names in look.classes.values():
            self._classes |= dict.fromkeys(name.strip() for name in names if name.strip())
        for item in chain(first, rows):
            if isinstance(item, ImportProblem):
                self._problems.append(item)
            else:
                self._take(table, reader, item)
        self._problems.extend(
            warning(table.path, "column_left_out", f"column {column[:100]!r} is left out: {reason}")
            for column, reason in reader.dropped.items()
        )

    def _reader(self, table: Table, look: Look) -> tuple[RowReader, Modality]:
        stem = str(PurePosixPath(table.path.removeprefix(self._lookup.root)).with_suffix(""))
        setting = Setting(table.path, stem, table.subset, self._lookup, look.classes)
        if is_own(look):
            modality = modality_of(look)
            return OwnReader(setting, modality), modality
        roles = roles_of(look, self._options)
        if look.columns not in self._told:
            # Parts of one table are told once.
            self._told.add(look.columns)
            table.problems.extend(warning(table.path, "columns_guessed", guess) for guess in roles.guesses)
        kinds = kinds_of(look) if table.is_text else None
        return ColumnReader(setting, roles, kinds), roles.modality

    def _is_of_kind(self, table: Table, modality: Modality, has_rows: bool) -> bool:
        if self._modality in (None, modality) or not has_rows:
            self._modality = self._modality or (modality if has_rows else None)
            return True
        message = f"holds samples of another kind ({modality}) than the tables before it ({self._modality})"
        self._problems.append(rejected(table.path, "table_of_other_kind", message))
        return False

    def _take(self, table: Table, reader: RowReader, row: Row) -> None:
        self._num_rows += 1
        try:
            draft = reader.read(row)
        except CellIsBad as bad:
            self._problems.append(rejected(table.path, bad.code, bad.message, row=row.number))
            return
        self._count(draft)
        self._gathered.add(draft, table.path, row.number)

    def _count(self, draft: Draft) -> None:
        refused = sum(problem.outcome == "rejected" for problem in draft.problems)
        self._num_annotations += len(draft.found.annotations) + refused
        if isinstance(draft.found.content, TextContent):
            self._num_bytes += draft.found.content.size_bytes
        if self._num_rows > MOST_ROWS:
            raise TableIsTooLarge(f"more than {MOST_ROWS} rows")
        if self._num_bytes > MOST_INLINE_BYTES:
            raise TableIsTooLarge(f"more than {MOST_INLINE_BYTES // 2**30} GiB of text")

    def _require_columns(self) -> None:
        options = self._options
        named = (
            options.path_column, options.text_column, options.caption_column, *options.label_columns,
            *options.target_columns, options.subset_column,
        )  # fmt: skip
        for column in named:
            if column is not None and column not in self._columns and self._tables:
                there = ", ".join(repr(each[:60]) for each in list(self._columns)[:30]) or "none"
                raise ColumnIsMissing(f"there is no column {column!r}; there are {there}")

    def _left_over(self, is_known: frozenset[str]) -> Iterator[ImportProblem]:
        used = {
            found.content.entry.path
            for found in self._gathered.samples.values()
            if isinstance(found.content, FileContent)
        }
        for entry in self._lookup.of_system:
            yield rejected(entry.path, "system_file", "left there by an operating system; not data")
        for entry in self._lookup.entries:
            if entry.path not in used and entry.path not in self._tables and entry.path not in is_known:
                yield rejected(entry.path, "not_in_table", "no row of a table names this file")


def kinds_of(look: Look) -> dict[str, Kind]:
    return {
        column: kind_of([cell for row in look.rows if isinstance(cell := row.get(column), str)])
        for column in look.columns
    }


def _beginning(rows: Iterator[Row | ImportProblem]) -> Iterator[Row | ImportProblem]:
    num_characters = 0
    for number, row in enumerate(rows, 1):
        yield row
        if isinstance(row, Row):
            num_characters += sum(len(cell) for cell in row.cells.values() if isinstance(cell, str))
        if number == ROWS_LOOKED_AT or num_characters > CHARACTERS_LOOKED_AT:
            return
