"""The Parquet file that training, evaluation and export read instead of this room's tables."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from libs.common import artifacts
from services.datasets.placed import Placed

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
        ("media_type", pa.string()),
        ("fields", pa.string()),
    ]
)


class ManifestWriter:
    """Grows batch by batch, so that only what is compressed lies in memory; blocking, for a thread."""

    def __init__(self, subsets: Mapping[UUID, str]) -> None:
        """`subsets` leaves out what is no part of the split."""
        self._subsets = subsets
        self._buffer = BytesIO()
        self._writer = pq.ParquetWriter(self._buffer, SCHEMA, compression="zstd")

    def add(self, rows: Sequence[Placed]) -> None:
        """One row per sample in the order given."""
        kept = [row for row in rows if row.id in self._subsets]
        columns = {
            "sample_id": [str(row.id) for row in kept],
            "name": [row.name for row in kept],
            "subset": [self._subsets[row.id] for row in kept],
            "shard": [artifacts.shard(row.dataset_id, row.shard_id) for row in kept],
            "offset": [row.offset for row in kept],
            "size_bytes": [row.size_bytes for row in kept],
            "width": [row.width for row in kept],
            "height": [row.height for row in kept],
            "sha256": [row.sha256 for row in kept],
            "annotations": [row.annotations for row in kept],
            "media_type": [row.media_type for row in kept],
            "fields": [row.fields for row in kept],
        }
        self._writer.write_table(pa.table(columns, schema=SCHEMA))

    def finish(self) -> bytes:
        self._writer.close()
        return self._buffer.getvalue()
