"""Splits: looked at first, then saved for good together with the manifest that runs read."""

import asyncio
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.datasets import DataReference, Shard
from libs.common.contracts.splits import CreateSplit, PreviewSplit, Split, SplitPreview, SplitSaved
from libs.common.db.outbox import Outbox
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.paging import after, page_of
from libs.common.storage import Storage
from services.datasets.errors import SplitNameTaken, SplitNotFound
from services.datasets.manifest import write_manifest
from services.datasets.models import SplitRow
from services.datasets.repository.samples import SampleRepository
from services.datasets.repository.splits import SplitRepository
from services.datasets.service.datasets import Datasets
from services.datasets.split import preview, split


class Splits:
    def __init__(
        self,
        repository: SplitRepository,
        samples: SampleRepository,
        datasets: Datasets,
        outbox: Outbox,
        storage: Storage,
    ) -> None:
        self._repository = repository
        self._samples = samples
        self._datasets = datasets
        self._outbox = outbox
        self._storage = storage

    async def preview(self, wanted: PreviewSplit) -> SplitPreview:
        version = (await self._datasets.version(wanted.dataset_id, wanted.version)).version
        samples = await self._samples.for_split(wanted.dataset_id, version)
        subsets = await asyncio.to_thread(split, samples, wanted.method)
        return SplitPreview(
            dataset_id=wanted.dataset_id,
            version=version,
            method=wanted.method,
            subsets=preview(samples, subsets, wanted.method),
        )

    async def create(self, wanted: CreateSplit) -> Split:
        """The manifest is stored before anything speaks of it."""
        dataset = await self._datasets.existing(wanted.dataset_id, lock=True)
        if await self._repository.has_name(dataset.id, wanted.name):
            message = f"another split of the dataset is named {wanted.name}"
            raise SplitNameTaken(message, errors=[Problem(field="name", message=message)])
        version = await self._datasets.version(dataset.id, wanted.version)
        samples = await self._samples.for_split(dataset.id, version.version)
        subsets = await asyncio.to_thread(split, samples, wanted.method)
        split_id = new_id()
        await self._store_manifest(dataset.id, version.version, split_id, subsets)
        row = SplitRow(
            id=split_id,
            dataset_id=dataset.id,
            version=version.version,
            name=wanted.name,
            method=wanted.method.model_dump(mode="json"),
            subsets=[each.model_dump(mode="json") for each in preview(samples, subsets, wanted.method)],
            shards=[each.model_dump(mode="json") for each in await self._shards(dataset.id, version.version)],
            classes=sorted(version.class_counts),
        )
        await self._repository.add(row, subsets)
        saved = SplitSaved(
            split_id=row.id,
            project_id=dataset.project_id,
            dataset_id=dataset.id,
            version=row.version,
            name=row.name,
        )
        await self._outbox.add(saved)
        return row.view()

    async def get(self, split_id: UUID) -> Split:
        return (await self._existing(split_id)).view()

    async def list_splits(self, dataset_id: UUID, query: PageQuery) -> Page[Split]:
        await self._datasets.existing(dataset_id)
        rows = await self._repository.page(dataset_id, after(query, UUID), query.limit + 1)
        return page_of(rows, query, SplitRow.view, lambda row: row.id)

    async def refer(self, split_id: UUID) -> DataReference:
        row = await self._existing(split_id)
        dataset = await self._datasets.existing(row.dataset_id)
        return DataReference(
            project_id=dataset.project_id,
            dataset_id=dataset.id,
            dataset_name=dataset.name,
            version=row.version,
            split_id=row.id,
            manifest=artifacts.manifest(dataset.id, row.id),
            shards=tuple(Shard.model_validate(shard) for shard in row.shards),
            classes=tuple(row.classes),
            subset_counts={subset.subset: subset.num_samples for subset in row.previews()},
        )

    async def _existing(self, split_id: UUID) -> SplitRow:
        row = await self._repository.get(split_id)
        if row is None:
            raise SplitNotFound(f"split {split_id} does not exist")
        return row

    async def _store_manifest(
        self, dataset_id: UUID, version: int, split_id: UUID, subsets: dict[UUID, str]
    ) -> None:
        rows = await self._samples.for_manifest(dataset_id, version)
        content = await asyncio.to_thread(write_manifest, rows, subsets)
        await self._storage.put_bytes(artifacts.manifest(dataset_id, split_id), content)

    async def _shards(self, dataset_id: UUID, version: int) -> list[Shard]:
        rows = await self._samples.shards(dataset_id, version)
        return [Shard(key=artifacts.shard(dataset_id, row.id), size_bytes=row.size_bytes) for row in rows]
