"""The Parquet file that training, evaluation and export read instead of this room's tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from libs.common import artifacts

SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("name", pa.string()),
        ("subset", pa.string()),
        ("shard", pa.string()),
        ("offset", pa.int64()),
        ("size_bytes", pa.int64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("sha256", pa.string()),
        ("annotations", pa.string()),
    ]
)


@dataclass(frozen=True)
class Placed:
    """What the manifest says of a sample; `annotations` is JSON in the internal form."""

    id: UUID
    name: str
    dataset_id: UUID
    shard_id: UUID
    offset: int
    size_bytes: int
    width: int
    height: int
    sha256: str
    annotations: str


def write_manifest(rows: Sequence[Placed], subsets: Mapping[UUID, str]) -> bytes:
    """One row per sample in the order given."""
    columns = {
        "sample_id": [str(row.id) for row in rows],
        "name": [row.name for row in rows],
        "subset": [subsets[row.id] for row in rows],
        "shard": [artifacts.shard(row.dataset_id, row.shard_id) for row in rows],
        "offset": [row.offset for row in rows],
        "size_bytes": [row.size_bytes for row in rows],
        "width": [row.width for row in rows],
        "height": [row.height for row in rows],
        "sha256": [row.sha256 for row in rows],
        "annotations": [row.annotations for row in rows],
    }
    buffer = BytesIO()
    pq.write_table(pa.table(columns, schema=SCHEMA), buffer, compression="zstd")
    return buffer.getvalue()
