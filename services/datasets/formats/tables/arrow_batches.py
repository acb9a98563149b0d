"""Parquet and Arrow files in batches that fit into memory, whatever their writer thought of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from services.datasets.formats.tables.damage import MOST_COLUMNS, TableIsBomb, TableIsDamaged
from services.datasets.formats.tables.images_inside import Container

ARROW_FILE = b"ARROW1"

MOST_ROWS = 10_000_000
# Of a row group, unpacked. Writers of images make groups of hundreds of megabytes.
LARGEST_GROUP_BYTES = 8 * 2**30
MOST_TIMES_LARGER = 1000
BOMBS_COUNT_FROM_BYTES = 64 * 2**20
BATCH_ROWS = 1024
BATCH_BYTES = 32 * 2**20
# Equal values shrink to nothing: a list of a thousand million of them is a few bytes.
MOST_VALUES = 100_000_000
BATCH_VALUES = 4_000_000
# A dictionary can make every row as large as all of the column; so much may come of it.
DICTIONARY_BATCH_BYTES = 256 * 2**20
BUFFER_BYTES = 2**20


class Batches(Protocol):
    """Groups of rows; each is read on its own, in batches. All of it raises TableIsDamaged or TableIsBomb."""

    @property
    def schema(self) -> pa.Schema: ...

    def groups(self) -> Iterator[int]:
        """Their numbers; a group may have to be read before the next is known."""
        ...

    def num_rows(self, group: int) -> int: ...

    def read(self, group: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]: ...

    def close(self) -> None: ...


def open_batches(path: Path, container: Container) -> Batches:
    with _told():
        return _Parquet(path) if container == "parquet" else _arrow(path)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, MemoryError, KeyError, IndexError, OverflowError) as error:
        reason = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        raise TableIsDamaged(f"cannot be read: {reason}") from error


class _Parquet:
    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False)
        self.schema = self._file.schema_arrow
        _check_columns(self.schema)
        _check_rows(self._file.metadata.num_rows)
        for group in range(self._file.num_row_groups):
            _check_group(self._file.metadata.row_group(group), path.stat().st_size)

    def groups(self) -> Iterator[int]:
        yield from range(self._file.num_row_groups)

    def num_rows(self, group: int) -> int:
        return self._file.metadata.row_group(group).num_rows

    def read(self, group: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with _told():
            rows = _batch_rows(self._file.metadata.row_group(group))
            batches = self._file.iter_batches(
                rows, row_groups=[group], columns=list(columns), use_threads=False
            )
            yield from batches

    def close(self) -> None:
        self._file.close()


def _check_columns(schema: pa.Schema) -> None:
    if len(schema.names) > MOST_COLUMNS:
        raise TableIsBomb(f"{len(schema.names)} columns; {MOST_COLUMNS} are allowed")
    if len(set(schema.names)) < len(schema.names):
        raise TableIsDamaged("two columns have the same name")


def _check_rows(num_rows: int) -> None:
    if not 0 <= num_rows <= MOST_ROWS:
        raise TableIsBomb(f"{num_rows} rows; {MOST_ROWS} are allowed")


def _check_group(group: pq.RowGroupMetaData, file_bytes: int) -> None:
    """By what the file says of itself, before any of it is unpacked."""
    chunks = [group.column(number) for number in range(group.num_columns)]
    unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
    packed = sum(chunk.total_compressed_size for chunk in chunks)
    if not 0 <= packed <= file_bytes or unpacked < 0:
        raise TableIsDamaged("what it says of its size is not true")
    _check_rows(group.num_rows)
    if any(not 0 <= chunk.num_values <= MOST_VALUES for chunk in chunks):
        raise TableIsBomb(f"more than {MOST_VALUES} values in one column of a row group")
    if unpacked > LARGEST_GROUP_BYTES:
        raise TableIsBomb(f"a row group of {unpacked} bytes; {LARGEST_GROUP_BYTES} are allowed")
    if unpacked > max(BOMBS_COUNT_FROM_BYTES, MOST_TIMES_LARGER * packed):
        raise TableIsBomb(f"a row group unpacks to {unpacked // max(packed, 1)} times its size")


def _batch_rows(group: pq.RowGroupMetaData) -> int:
    chunks = [group.column(number) for number in range(group.num_columns)]
    num_bytes = sum(chunk.total_uncompressed_size for chunk in chunks)
    num_values = max((chunk.num_values for chunk in chunks), default=0)
    rows = min(BATCH_ROWS, BATCH_BYTES * group.num_rows // max(num_bytes, 1))
    rows = min(rows, BATCH_VALUES * group.num_rows // max(num_values, 1))
    shared = [
        chunk.total_uncompressed_size
        for chunk in chunks
        if chunk.physical_type == "BYTE_ARRAY" and any("DICTIONARY" in each for each in chunk.encodings)
    ]
    return max(1, min(rows, DICTIONARY_BATCH_BYTES // max(*shared, 1, 1)))


def _arrow(path: Path) -> "_ArrowFile | _ArrowStream":
    with path.open("rb") as file:
        is_file = file.read(len(ARROW_FILE)) == ARROW_FILE
    return _ArrowFile(path) if is_file else _ArrowStream(path)


class _ArrowFile:
    def __init__(self, path: Path) -> None:
        self._map = pa.memory_map(str(path))
        self._file = pa.ipc.open_file(self._map)
        self.schema = self._file.schema
        _check_columns(self.schema)

    def groups(self) -> Iterator[int]:
        yield from range(self._file.num_record_batches)

    def num_rows(self, group: int) -> int:
        with _told():
            return _checked(self._file.get_batch(group)).num_rows

    def read(self, group: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with _told():
            yield from _sliced(_checked(self._file.get_batch(group)), columns)

    def close(self) -> None:
        self._map.close()


class _ArrowStream:
    """Knows no places: batches are passed until the one asked for, which costs little in mapped memory."""

    def __init__(self, path: Path) -> None:
        self._map = pa.memory_map(str(path))
        self._stream = pa.ipc.open_stream(self._map)
        self.schema = self._stream.schema
        self._next = 0
        self._batch: pa.RecordBatch | None = None
        _check_columns(self.schema)

    def groups(self) -> Iterator[int]:
        number = 0
        while self._stands_at(number):
            yield number
            number += 1

    def num_rows(self, group: int) -> int:
        return self._batch.num_rows if self._stands_at(group) and self._batch else 0

    def read(self, group: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if not self._stands_at(group) or self._batch is None:
            raise TableIsDamaged(f"it has no batch {group}")
        with _told():
            yield from _sliced(self._batch, columns)

    def _stands_at(self, group: int) -> bool:
        with _told():
            if group < self._next - 1:
                self._map.seek(0)
                self._stream, self._next = pa.ipc.open_stream(self._map), 0
            while self._next <= group:
                try:
                    self._batch = _checked(self._stream.read_next_batch())
                except StopIteration:
                    return False
                self._next += 1
        return True

    def close(self) -> None:
        self._map.close()


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """What its offsets say is not believed: reading behind the end would end the process."""
    _check_rows(batch.num_rows)
    batch.validate(full=True)
    return batch


def _sliced(batch: pa.RecordBatch, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    chosen = batch.select(list(columns))
    for start in range(0, chosen.num_rows, BATCH_ROWS):
        yield chosen.slice(start, BATCH_ROWS)
