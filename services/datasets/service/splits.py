"""Splits: looked at, saved for good together with the manifest that runs read, checked for leaks."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.datasets import DataReference, Shard
from libs.common.contracts.splits import (
    CheckLeaks,
    CreateSplit,
    Group,
    LeakReport,
    PreviewSplit,
    RatioSplit,
    Split,
    SplitMethod,
    SplitPreview,
    SplitSaved,
)
from libs.common.db.outbox import Outbox
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.paging import after
from libs.common.storage import Storage
from services.datasets import splitting
from services.datasets.errors import FieldIsUnknown, SplitNameTaken, SplitNotFound, SplitWasOvertaken
from services.datasets.models import DatasetRow, SplitRow
from services.datasets.repository.samples import SampleRepository
from services.datasets.repository.splits import SplitRepository
from services.datasets.service.datasets import Datasets
from services.datasets.splitting import Dealt, Needs, Samples, leaks

# A page goes over the bus as one message of at most 8 MB, and many classes make a split large.
PAGE_BYTES = 2 * 2**20
# What every task learns from.
TRAIN = "train"


@dataclass(frozen=True)
class Earlier:
    """The split that is extended, and the subset of every content in it."""

    id: UUID | None = None
    subsets: Mapping[str, str] = field(default_factory=dict)


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
        return (await self._dealt(wanted.dataset_id, version, wanted.method))[0]

    async def create(self, wanted: CreateSplit) -> Split:
        """Dealt out before the dataset is locked: a version never changes, and others should not wait."""
        await self._require_free_name(wanted)
        version = await self._datasets.version(wanted.dataset_id, wanted.version)
        seen, subsets = await self._dealt(wanted.dataset_id, version.version, wanted.method)
        manifest = await self._manifest(wanted.dataset_id, version.version, subsets)
        dataset = await self._datasets.existing(wanted.dataset_id, lock=True)
        await self._require_free_name(wanted)
        if seen.extends != await self._extended(dataset.id, wanted.method):
            raise SplitWasOvertaken("another split of the same method was saved meanwhile; try again")
        return await self._save(dataset, wanted.name, seen, subsets, manifest)

    async def get(self, split_id: UUID) -> Split:
        return (await self._existing(split_id)).view()

    async def list_splits(self, dataset_id: UUID, query: PageQuery) -> Page[Split]:
        """Fewer than asked for when they are large."""
        await self._datasets.existing(dataset_id)
        found = await self._repository.sizes(dataset_id, after(query, UUID), query.limit + 1)
        ids, total = [], 0
        for split_id, size_bytes in found[: query.limit]:
            if ids and total + size_bytes > PAGE_BYTES:
                break
            ids.append(split_id)
            total += size_bytes
        rows = await self._repository.some(ids)
        return Page(
            items=tuple(row.view() for row in rows),
            next_cursor=str(ids[-1]) if len(ids) < len(found) else None,
        )

    async def refer(self, split_id: UUID) -> DataReference:
        row = await self._existing(split_id)
        dataset = await self._datasets.existing(row.dataset_id)
        version = await self._datasets.version(row.dataset_id, row.version)
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
            untrained=_untrained(row),
            modality=dataset.view().modality,
            annotation_types=tuple(sorted(version.figures["annotation_types"])),
        )

    async def check_leaks(self, wanted: CheckLeaks) -> LeakReport:
        row = await self._existing(wanted.split_id)
        group = wanted.group or _group_of(row.view().method)
        samples, subsets = await self._columns(row.dataset_id, row.version, leaks.needs(group), row.id)
        dealt = Dealt.of(subsets)
        found = await asyncio.to_thread(leaks.find_leaks, samples, dealt, wanted.near_duplicates, group)
        return LeakReport(
            split_id=row.id,
            near_duplicates=wanted.near_duplicates,
            group=group,
            num_leaks=len(found.all),
            num_duplicates=len(found.duplicates),
            num_near_duplicates=len(found.near_duplicates),
            num_groups=len(found.groups),
            num_samples=found.num_samples,
            leaks=await asyncio.to_thread(leaks.shown, found, samples, dealt),
        )

    async def _dealt(
        self, dataset_id: UUID, version: int, method: SplitMethod
    ) -> tuple[SplitPreview, dict[UUID, str]]:
        """What the split will be, and the subset of every sample that is in it."""
        samples, _ = await self._columns(dataset_id, version, splitting.needs(method))
        earlier = await self._earlier(dataset_id, method)
        dealt = await asyncio.to_thread(splitting.deal, samples, method, earlier.subsets)
        seen = SplitPreview(
            dataset_id=dataset_id,
            version=version,
            method=method,
            subsets=await asyncio.to_thread(splitting.preview, samples, dealt),
            extends=earlier.id,
            num_kept=dealt.num_kept,
            num_left_out=dealt.num_left_out,
            num_groups=dealt.num_groups,
            num_torn_groups=dealt.num_torn_groups,
        )
        return seen, dealt.assignments(samples.ids)

    async def _columns(
        self, dataset_id: UUID, version: int, needs: Needs, split_id: UUID | None = None
    ) -> tuple[Samples, Sequence[str]]:
        """Raises FieldIsUnknown with the fields that there are."""
        samples, subsets = await self._repository.samples(dataset_id, version, needs, split_id)
        for name, place in needs.fields.items():
            if all(value is None for value in samples.fields[name]):
                known = ", ".join(await self._repository.field_names(dataset_id, version))
                message = f"no sample has the field {name!r}; there are: {known or 'none'}"
                raise FieldIsUnknown(message, errors=[Problem(field=place, message=message)])
        return samples, subsets

    async def _earlier(self, dataset_id: UUID, method: SplitMethod) -> Earlier:
        split_id = await self._extended(dataset_id, method)
        return Earlier(split_id, await self._repository.dealt(split_id)) if split_id else Earlier()

    async def _extended(self, dataset_id: UUID, method: SplitMethod) -> UUID | None:
        """The newest split of the very same method, where that is one that deals."""
        if not isinstance(method, RatioSplit):
            return None
        found = await self._repository.methods(dataset_id, method.method)
        same = (split_id for split_id, stored in found if RatioSplit.model_validate(stored) == method)
        return next(same, None)

    async def _manifest(self, dataset_id: UUID, version: int, subsets: Mapping[UUID, str]) -> bytes:
        # What writes Parquet takes 30 MB, which a room that only imports does not need.
        from services.datasets.manifest import ManifestWriter

        writer = ManifestWriter(subsets)
        async for rows in self._repository.for_manifest(dataset_id, version):
            await asyncio.to_thread(writer.add, rows)
        return await asyncio.to_thread(writer.finish)

    async def _save(
        self, dataset: DatasetRow, name: str, seen: SplitPreview, subsets: Mapping[UUID, str], manifest: bytes
    ) -> Split:
        """The manifest is stored before anything speaks of it."""
        split_id = new_id()
        await self._storage.put_bytes(artifacts.manifest(dataset.id, split_id), manifest)
        shards = await self._samples.shards(dataset.id, seen.version)
        row = SplitRow(
            id=split_id,
            name=name,
            shards=[
                {"key": artifacts.shard(dataset.id, shard.id), "size_bytes": shard.size_bytes}
                for shard in shards
            ],
            classes=sorted({each.name for subset in seen.subsets for each in subset.classes}),
            **{**seen.model_dump(mode="json"), "dataset_id": dataset.id, "extends": seen.extends},
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

    async def _existing(self, split_id: UUID) -> SplitRow:
        row = await self._repository.get(split_id)
        if row is None:
            raise SplitNotFound(f"split {split_id} does not exist")
        return row

    async def _require_free_name(self, wanted: CreateSplit) -> None:
        if await self._repository.has_name(wanted.dataset_id, wanted.name):
            message = f"another split of the dataset is named {wanted.name}"
            raise SplitNameTaken(message, errors=[Problem(field="name", message=message)])


def _untrained(row: SplitRow) -> tuple[str, ...]:
    trained = {each.name for subset in row.previews() if subset.subset == TRAIN for each in subset.classes}
    return tuple(name for name in row.classes if name not in trained)


def _group_of(method: SplitMethod) -> Group | None:
    return method.group if isinstance(method, RatioSplit) else None
