"""Samples: pages of them, and where their bytes lie."""

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Page
from libs.common.contracts.samples import ListSamples, Sample, SampleSort, StoredBytes
from libs.common.errors import BadInput, Problem
from libs.common.paging import after, page_of, whole_number
from services.datasets.errors import SampleNotFound
from services.datasets.handover import PackedSample
from services.datasets.models import SampleRow, ShardRow
from services.datasets.repository.samples import Position, SampleRepository, sort_value
from services.datasets.service.datasets import Datasets


class Samples:
    def __init__(self, repository: SampleRepository, datasets: Datasets) -> None:
        self._repository = repository
        self._datasets = datasets

    async def list_samples(self, wanted: ListSamples) -> Page[Sample]:
        if wanted.filter.subset is not None and wanted.filter.split_id is None:
            message = "a subset is one of a split, which has to be named too"
            raise BadInput(message, errors=[Problem(field="subset", message=message)])
        dataset = await self._datasets.existing(wanted.dataset_id)
        if not dataset.version:
            return Page()
        version = await self._datasets.version(dataset.id, wanted.version)
        position = after(wanted.query, lambda cursor: _position(cursor, wanted.sort))
        rows = await self._repository.page(
            dataset.id, version.version, wanted.filter, wanted.sort, position, wanted.query.limit + 1
        )
        return page_of(
            rows,
            wanted.query,
            lambda row: row[0].view(row[1]),
            lambda row: f"{row[0].id}:{sort_value(row[0], wanted.sort)}",
        )

    async def add_shard(self, row: ShardRow, version: int, samples: Iterable[PackedSample]) -> None:
        """A shard that is stored already, and its samples as part of `version`."""
        await self._repository.add_shard(row, version, samples)

    async def get(self, sample_id: UUID) -> Sample:
        return (await self._existing(sample_id)).view()

    async def locate(self, sample_id: UUID, rendition: Literal["image", "thumbnail"]) -> StoredBytes:
        row = await self._existing(sample_id)
        if rendition == "thumbnail":
            return StoredBytes(
                key=artifacts.thumbnails(row.dataset_id, row.shard_id),
                offset=row.thumbnail_offset,
                size_bytes=row.thumbnail_size_bytes,
                media_type="image/jpeg",
                etag=f"{row.sha256}-thumbnail",
            )
        return StoredBytes(
            key=artifacts.shard(row.dataset_id, row.shard_id),
            offset=row.offset,
            size_bytes=row.size_bytes,
            media_type=row.media_type,
            etag=row.sha256,
        )

    async def _existing(self, sample_id: UUID) -> SampleRow:
        row = await self._repository.get(sample_id)
        if row is None:
            raise SampleNotFound(f"sample {sample_id} does not exist")
        return row


def _position(cursor: str, sort: SampleSort) -> Position:
    """`id:value`; raises ValueError for anything else."""
    sample_id, _, value = cursor.partition(":")
    match sort.removeprefix("-"):
        case "size":
            return UUID(sample_id), whole_number(value)
        case "created":
            return UUID(sample_id), UUID(value)
        case _:
            return UUID(sample_id), value
