"""CSV and its kin as a table: encoding, delimiter and heading told from the beginning, then row by row.

A row is a record: one whose cells hold line ends is one row, and the heading is row 1. What a spreadsheet
could run as a formula has an apostrophe in front when we write it, which is taken off here.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice

from libs.common.contracts.imports import FormatOptions, ImportProblem
from services.datasets.files import Entry, Files
from services.datasets.formats.lines import encoding_of, text_lines
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.plan import rejected, repaired, warning
from services.datasets.formats.subsets import subset_of_path
from services.datasets.formats.tables.cells import NUMBER, CellIsBad, checked
from services.datasets.formats.tables.damage import MOST_COLUMNS, TableIsBomb, TableIsDamaged
from services.datasets.formats.tables.headings import is_known, is_ours
from services.datasets.formats.tables.rows import Row

DELIMITERS = (",", ";", "\t", "|")
# Of a table with one column: it stands in no text.
NO_DELIMITER = "\x1f"
LONGEST_CELL = 16 * 2**20
LONGEST_HEADING = 1000
LINES_SNIFFED = 50
CHARACTERS_SNIFFED = 2**18
DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")
# Of the whole process; the default refuses a page of text.
csv.field_size_limit(LONGEST_CELL)


class DelimitedTable:
    is_text = True
    images: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = {}

    def __init__(self, files: Files, entry: Entry, options: FormatOptions) -> None:
        self._files, self._entry, self._options = files, entry, options
        self._encoding = encoding_of(options.encoding)
        self.path = entry.path
        self.subset = subset_of_path(entry.path)
        self.problems: list[ImportProblem] = []

    @cached_property
    def _beginning(self) -> list[str]:
        """Lines; few and short enough to be parsed several times."""
        lines, num_characters = [], 0
        for line in islice(text_lines(self._files, self._entry, self._encoding), LINES_SNIFFED):
            lines.append(line)
            num_characters += len(line)
            if num_characters > CHARACTERS_SNIFFED:
                break
        return lines

    @cached_property
    def delimiter(self) -> str:
        return self._options.delimiter or sniff(self._beginning)

    @cached_property
    def _has_heading(self) -> bool:
        records = _records(self._beginning, self.delimiter)
        named = {*self._options.label_columns, *self._options.target_columns, self._options.path_column}
        named |= {self._options.text_column, self._options.caption_column, self._options.subset_column}
        first = [cell.strip() for cell in records[0]] if records else []
        return not named.isdisjoint(first) or not _is_data(first, records[1] if len(records) > 1 else None)

    @property
    def columns(self) -> tuple[str, ...]:
        return self._columns

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        records = _records(self._beginning, self.delimiter)
        if not records:
            raise TableIsDamaged("there is nothing in it")
        if len(records[0]) > MOST_COLUMNS:
            raise TableIsBomb(f"{len(records[0])} columns; {MOST_COLUMNS} are allowed")
        if not self._has_heading:
            message = "the first row looks like data: the columns are called column_1, column_2 and so on"
            self.problems.append(warning(self.path, "columns_guessed", message, row=1))
        return self._named(records[0] if self._has_heading else [""] * len(records[0]))

    def _named(self, heading: Sequence[str]) -> tuple[str, ...]:
        """Each has a name, and one only."""
        names: dict[str, None] = {}
        for number, cell in enumerate(heading, 1):
            own = cell if is_ours(cell) else cell.strip()
            name = plain = own[:LONGEST_HEADING] or f"column_{number}"
            while name in names:
                name = f"{plain}_{number}"
                plain = name
            names[name] = None
            if self._has_heading and name != own:
                message = f"column {number} is called {name!r} here: its own name is empty, too long or taken"
                self.problems.append(warning(self.path, "heading_changed", message, row=1))
        try:
            return tuple(map(checked, names))
        except CellIsBad as bad:
            raise TableIsDamaged(f"in the heading there is {bad.message}") from bad

    def rows(self) -> Iterator[Row | ImportProblem]:
        columns = self.columns
        lines = text_lines(self._files, self._entry, self._encoding)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._broken(number, error)
                continue
            if not cells or (number == 1 and self._has_heading):
                continue
            yield from self._row(number, columns, cells)

    def _row(self, number: int, columns: tuple[str, ...], cells: list[str]) -> Iterator[Row | ImportProblem]:
        extra = len(cells) - len(columns)
        if extra > 0 and any(cell.strip() for cell in cells[len(columns) :]):
            message = f"{len(cells)} cells; the heading has {len(columns)}"
            yield rejected(self.path, "row_ragged", message, row=number)
            return
        if extra < 0:
            message = f"{len(cells)} cells; the heading has {len(columns)}: the others count as empty"
            yield repaired(self.path, "row_short", message, row=number, level="sample")
            cells += [""] * -extra
        yield Row(number, dict(zip(columns, map(unescaped, cells), strict=False)))

    def _broken(self, number: int, error: csv.Error) -> ImportProblem:
        """Raises TableIsDamaged where nobody can say any more where a row ends."""
        if "field larger" in str(error):
            raise TableIsDamaged(
                f"from row {number} on cannot be read: a cell has more than {LONGEST_CELL} characters, "
                f"or a quote is never closed"
            )
        if "unexpected end" in str(error):
            message = "a quote is opened and never closed: what follows it was not read"
            return rejected(self.path, "quote_not_closed", message, row=number)
        return rejected(self.path, "row_malformed", f"quotes are not as they should be: {error}", row=number)

    def close(self) -> None:
        pass


def sniff(lines: Sequence[str]) -> str:
    """The one that finds names of columns, and cuts most rows into as many cells as the first."""
    scores = {delimiter: _score(lines, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if any(scores[best]) else NO_DELIMITER


def unescaped(cell: str) -> str:
    return cell[1:] if ESCAPED.match(cell) else cell


def escaped(cell: str) -> str:
    """A number with its sign is no formula."""
    if not DANGEROUS.match(cell) or NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


def _score(lines: Sequence[str], delimiter: str) -> tuple[int, float, int]:
    records = _records(lines, delimiter)
    if not records or len(records[0]) < 2:
        return 0, 0, 0
    num_even = sum(len(record) == len(records[0]) for record in records)
    return sum(map(is_known, records[0])), num_even / len(records), len(records[0])


def _records(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """As far as they can be read."""
    found: list[list[str]] = []
    with suppress(csv.Error):
        found.extend(record for record in csv.reader(lines, delimiter=delimiter) if record)
    return found


def _is_data(first: Sequence[str], second: Sequence[str] | None) -> bool:
    """Names of columns are no files, and no numbers where the next row has some."""
    if any(map(is_known, first)):
        return False
    if any(map(is_image_path, first)):
        return True
    numbers = [_is_number(cell) for cell in first]
    return any(numbers) and (second is None or numbers == [_is_number(cell) for cell in second])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
