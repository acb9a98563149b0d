"""Images inside Parquet and Arrow files: left where they lie, read one by one without holding many."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from libs.common.errors import BadInput
from services.datasets.files import Entry, EntryIsTooLarge, Files
from services.datasets.formats.tables.arrow_batches import Batches, Container, open_batches

MOST_OPEN = 2
LARGEST_BYTES = 256 * 2**20


class ImageIsGone(BadInput):
    code, title = "image_missing", "There is no image in this row"


@dataclass(frozen=True, slots=True)
class ImageInside:
    """`group` is a row group or batch, `row` the place in it from 0; `number` is that of the file from 1."""

    entry: Entry
    container: Container
    column: str
    group: int
    row: int
    number: int
    size_bytes: int
    checksum: int
    name: str | None = None

    @property
    def place(self) -> tuple[str, int | None]:
        return self.entry.path, self.number

    def read(self, files: Files) -> bytes:
        """Quick when rows are asked for in their order."""
        if self.size_bytes > LARGEST_BYTES:
            raise EntryIsTooLarge(f"{self.size_bytes} bytes; a sample may have {LARGEST_BYTES}")
        return _cursor(files.local(self.entry), self.container, self.column).read(self.group, self.row)


def image_bytes(cell: Any) -> pa.Buffer | None:
    """Of a binary cell, or of a struct of `bytes` and `path`; not a copy."""
    if isinstance(cell, pa.StructScalar):
        cell = cell["bytes"] if cell.is_valid else None
    return cell.as_buffer() if cell is not None and cell.is_valid else None


class _Cursor:
    """Stands in one group and goes forward; for a row behind it, it begins the group again."""

    def __init__(self, batches: Batches, column: str) -> None:
        self._batches, self._column = batches, column
        self._group, self._first = -1, 0
        self._rest: Iterator[pa.RecordBatch] = iter(())
        self._cells: Any = ()

    def read(self, group: int, row: int) -> bytes:
        if group != self._group or row < self._first:
            self._group, self._first, self._cells = group, 0, ()
            self._rest = self._batches.read(group, [self._column])
        while row >= self._first + len(self._cells):
            batch = next(self._rest, None)
            if batch is None:
                raise ImageIsGone(f"the group of rows ends before row {row + 1}")
            self._first, self._cells = self._first + len(self._cells), batch.column(0)
        buffer = image_bytes(self._cells[row - self._first])
        if buffer is None:
            raise ImageIsGone("the cell is empty")
        return buffer.to_pybytes()

    def close(self) -> None:
        self._batches.close()


# Of this process: samples come in the order of their rows, one file after another.
_cursors: OrderedDict[tuple[Path, int, str], _Cursor] = OrderedDict()


def _cursor(path: Path, container: Container, column: str) -> _Cursor:
    key = (path, path.stat().st_ino, column)
    if key not in _cursors:
        while len(_cursors) >= MOST_OPEN:
            _cursors.popitem(last=False)[1].close()
        _cursors[key] = _Cursor(open_batches(path, container), column)
    return _cursors[key]
