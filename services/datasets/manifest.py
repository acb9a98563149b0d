"""The Parquet file that training, evaluation and export read instead of this room's tables."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import to_json

from libs.common import artifacts
from services.datasets.models import SampleRow

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


def write_manifest(rows: Sequence[SampleRow], subsets: Mapping[UUID, str]) -> bytes:
    """One row per sample in the order given; `annotations` is JSON in the internal form."""
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
        "annotations": [to_json(row.annotations).decode() for row in rows],
    }
    buffer = BytesIO()
    pq.write_table(pa.table(columns, schema=SCHEMA), buffer, compression="zstd")
    return buffer.getvalue()
