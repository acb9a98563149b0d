"""Images of Parquet and Arrow files, read one by one without holding many."""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from services.datasets.formats.tables.arrow_batches import Batches, open_batches
from services.datasets.formats.tables.images_inside import Container, ImageIsGone

MOST_OPEN = 2


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


def cursor(path: Path, container: Container, column: str) -> _Cursor:
    key = (path, path.stat().st_ino, column)
    if key not in _cursors:
        while len(_cursors) >= MOST_OPEN:
            _cursors.popitem(last=False)[1].close()
        _cursors[key] = _Cursor(open_batches(path, container), column)
    return _cursors[key]
