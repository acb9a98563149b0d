"""Samples: pages of them, and where their bytes lie."""

from typing import Literal
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Page
from libs.common.contracts.samples import ListSamples, Sample, SampleSort, StoredBytes
from libs.common.paging import after, page_of, whole_number
from services.datasets.errors import SampleHasNoThumbnail, SampleNotFound
from services.datasets.models import SampleRow
from services.datasets.repository.listed import Position, Wanted, sort_value
from services.datasets.repository.pages import Counts, PageRepository
from services.datasets.repository.samples import SampleRepository
from services.datasets.service.datasets import Datasets

NUM_PREVIEWED = 5


class Samples:
    def __init__(self, repository: SampleRepository, pages: PageRepository, datasets: Datasets) -> None:
        self._repository = repository
        self._pages = pages
        self._datasets = datasets

    async def list_samples(self, wanted: ListSamples) -> Page[Sample]:
        """`subset` without a split is what the import named."""
        dataset = await self._datasets.existing(wanted.dataset_id)
        position = after(wanted.query, lambda cursor: _position(cursor, wanted.sort))
        if not dataset.version:
            return Page()
        version = await self._datasets.version(dataset.id, wanted.version)
        page = Wanted(
            dataset_id=dataset.id,
            version=version.version,
            is_newest=version.version == dataset.version,
            filter=wanted.filter,
            sort=wanted.sort,
            after=position,
            limit=wanted.query.limit + 1,
        )
        counts = Counts(version.num_samples, version.figures["labels"], version.figures["subsets"])
        rows = await self._pages.page(page, counts)
        return page_of(
            rows,
            wanted.query,
            lambda row: row[0].view(row[1]),
            lambda row: f"{row[0].id}:{sort_value(row[0], wanted.sort)}",
        )

    async def preview(self, dataset_id: UUID, version: int | None) -> Page[Sample]:
        """Five samples, others each time."""
        found = await self._datasets.version(dataset_id, version)
        rows = await self._repository.some(dataset_id, found.version, NUM_PREVIEWED)
        return Page(items=tuple(row.view() for row in rows))

    async def get(self, sample_id: UUID, version: int | None = None) -> Sample:
        return (await self._existing(sample_id, version)).view()

    async def locate(self, sample_id: UUID, rendition: Literal["image", "thumbnail"]) -> StoredBytes:
        row = await self._existing(sample_id)
        if rendition == "thumbnail":
            if not row.thumbnail_size_bytes:
                raise SampleHasNoThumbnail(f"{row.name} is no image")
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

    async def _existing(self, sample_id: UUID, version: int | None = None) -> SampleRow:
        row = await self._repository.get(sample_id, version)
        if row is None:
            in_version = "" if version is None else f" in version {version}"
            raise SampleNotFound(f"sample {sample_id} does not exist{in_version}")
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
