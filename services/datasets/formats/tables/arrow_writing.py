"""Rows into a Parquet file of an export, in groups of a size that every reader can hold."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from services.datasets.formats.format import Sink

GROUP_ROWS = 1000
GROUP_BYTES = 32 * 2**20
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


class RowWriter:
    """Rows wait until they make a group."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._writer, self._schema = writer, schema
        self._rows: list[Mapping[str, Any]] = []
        self._num_bytes = 0

    def add(self, row: Mapping[str, Any], num_bytes: int) -> None:
        self._rows.append(row)
        self._num_bytes += num_bytes
        if len(self._rows) == GROUP_ROWS or self._num_bytes > GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._num_bytes = [], 0


@contextmanager
def parquet(sink: Sink, path: str, schema: pa.Schema) -> Iterator[RowWriter]:
    """Images are not pressed a second time, and no dictionaries are made of them."""
    leaves = [leaf for field in schema for leaf in _leaves(field)]
    pressed: Any = {leaf: "NONE" if leaf.endswith(".bytes") else "zstd" for leaf in leaves}
    with_dictionary: Any = [leaf for leaf in leaves if pressed[leaf] == "zstd"]
    with sink.open(path) as file:
        writer = pq.ParquetWriter(
            pa.PythonFile(_Counted(file), mode="w"),
            schema,
            compression=pressed,
            use_dictionary=with_dictionary,
        )
        rows = RowWriter(writer, schema)
        yield rows
        rows.flush()
        writer.close()


def _leaves(field: pa.Field) -> list[str]:
    if pa.types.is_struct(field.type):
        return [f"{field.name}.{inner.name}" for inner in field.type]
    return [f"{field.name}.list.element"] if pa.types.is_list(field.type) else [field.name]


class _Counted(io.RawIOBase):
    """A stream that knows how far it is; that of a ZIP does not."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(data)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position
