"""Manifests of several datasets as one, and what of them lies on both sides; blocking, for a thread."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.datasets.manifest import SCHEMA

# Where the same file is in several subsets, it belongs to the one that is held out most.
HELD_OUT = {"test": 3, "val": 2, "train": 0}
OTHERWISE = 1


@dataclass(frozen=True)
class Contents:
    """Digest and subset of every sample of one manifest."""

    digests: pa.ChunkedArray
    subsets: np.ndarray

    @classmethod
    def of(cls, manifest: bytes) -> "Contents":
        table = pq.read_table(BytesIO(manifest), columns=["sha256", "subset"])
        return cls(table["sha256"], np.array(table["subset"].to_pylist(), dtype=object))


@dataclass(frozen=True)
class Crossing:
    """One file in different subsets of two datasets: the manifest and the row of each."""

    one: tuple[int, int]
    other: tuple[int, int]


@dataclass(frozen=True)
class Crossings:
    """`is_less` marks, per manifest, the rows whose file another one holds out more."""

    num_files: int
    first: Crossing | None
    is_less: Sequence[np.ndarray]


def find_crossings(parts: Sequence[Contents]) -> Crossings:
    """What one dataset alone has in several of its subsets is that split's own affair."""
    sizes = [len(part.subsets) for part in parts]
    files = _numbered(pa.chunked_array([chunk for part in parts for chunk in part.digests.chunks]))
    owners = np.repeat(np.arange(len(parts)), sizes)
    subsets = np.concatenate([part.subsets for part in parts])
    names, places = np.unique(subsets.astype(str), return_inverse=True)
    crosses = (_num_distinct(files, owners) > 1) & (_num_distinct(files, places) > 1)
    # Two of which neither is known are told apart by their names.
    ranks = np.array([HELD_OUT.get(name, OTHERWISE) * len(names) for name in names])[places] + places
    highest = np.zeros(len(crosses), dtype=int)
    np.maximum.at(highest, files, ranks)
    is_less = crosses[files] & (ranks < highest[files])
    ends = np.cumsum(sizes)
    return Crossings(
        num_files=int(crosses.sum()),
        first=_first(files, owners, places, crosses, ends),
        is_less=np.split(is_less, ends[:-1]),
    )


class CombinedManifest:
    """Grows manifest by manifest, so that only one of them lies in memory beside the result."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._buffer = BytesIO()
        self._writer = pq.ParquetWriter(self._buffer, SCHEMA, compression="zstd")

    def add(self, manifest: bytes, left_out: np.ndarray | None) -> None:
        start = 0
        for batch in pq.ParquetFile(BytesIO(manifest)).iter_batches():
            end = start + batch.num_rows
            table = _aligned(pa.Table.from_batches([batch]))
            if left_out is not None:
                table = table.filter(pa.array(~left_out[start:end]))
            self.counts.update(table["subset"].to_pylist())
            self._writer.write_table(table)
            start = end

    def finish(self) -> bytes:
        self._writer.close()
        return self._buffer.getvalue()


def place_at(manifest: bytes, row: int) -> tuple[str, str]:
    """Name and subset."""
    table = pq.read_table(BytesIO(manifest), columns=["name", "subset"])
    return table["name"][row].as_py(), table["subset"][row].as_py()


def _numbered(digests: pa.ChunkedArray) -> np.ndarray:
    """The same number for the same file."""
    encoded = digests.combine_chunks().dictionary_encode()
    chunks = encoded.chunks if isinstance(encoded, pa.ChunkedArray) else [encoded]
    return np.concatenate([np.asarray(chunk.indices) for chunk in chunks]) if chunks else np.empty(0, int)


def _num_distinct(files: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of values, per file."""
    pairs = np.unique(np.stack((files, values)), axis=1)
    return np.bincount(pairs[0], minlength=int(files.max(initial=-1)) + 1)


def _first(
    files: np.ndarray, owners: np.ndarray, places: np.ndarray, crosses: np.ndarray, ends: np.ndarray
) -> Crossing | None:
    """The one an error tells of: two rows of two manifests, in two subsets."""
    found = np.flatnonzero(crosses[files])
    if not len(found):
        return None
    members = np.flatnonzero(files == files[found[0]])
    for one, other in _pairs(members):
        if owners[one] != owners[other] and places[one] != places[other]:
            starts = np.concatenate(([0], ends))
            return Crossing(
                one=(int(owners[one]), int(one - starts[owners[one]])),
                other=(int(owners[other]), int(other - starts[owners[other]])),
            )
    raise AssertionError("several datasets and several subsets make such a pair")


def _pairs(members: np.ndarray) -> Iterator[tuple[int, int]]:
    return ((int(one), int(other)) for one in members for other in members)


def _aligned(table: pa.Table) -> pa.Table:
    """Manifests of old lack the columns that came later."""
    for field in SCHEMA:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(SCHEMA.names).cast(SCHEMA)
