"""Splits of several datasets as one: checked for what does not go together, and stored as one manifest."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.datasets import DataReference, DatasetStatus
from libs.common.contracts.splits import CombineSplits
from libs.common.errors import NotFound, Problem
from libs.common.storage import Storage
from services.datasets.errors import DatasetIsNotReady, DatasetsDiffer, DatasetsLeak, SplitsAreApart
from services.datasets.models import CombinationRow
from services.datasets.repository.combinations import CombinationRepository
from services.datasets.service.datasets import Datasets
from services.datasets.service.splits import Splits

if TYPE_CHECKING:
    # What reads Parquet takes 30 MB: it is loaded by the first who has splits combined.
    from services.datasets.combining import Crossings

# Grows when the same splits would be combined otherwise.
WAY = 1


class Combinations:
    def __init__(
        self, repository: CombinationRepository, splits: Splits, datasets: Datasets, storage: Storage
    ) -> None:
        self._repository = repository
        self._splits = splits
        self._datasets = datasets
        self._storage = storage

    async def combine(self, wanted: CombineSplits) -> DataReference:
        """Of a single split its own reference, with the same checks."""
        parts = [await self._part(number, split_id) for number, split_id in enumerate(wanted.split_ids)]
        await self._require_ready(parts)
        if len(parts) == 1:
            return parts[0]
        _require_together(parts)
        row = await self._row(parts, wanted)
        return _reference(parts, row)

    async def _part(self, number: int, split_id: UUID) -> DataReference:
        try:
            return await self._splits.refer(split_id)
        except NotFound as error:
            problem = Problem(field=f"split_ids.{number}", message=error.detail)
            raise type(error)(error.detail, errors=[problem]) from error

    async def _require_ready(self, parts: Sequence[DataReference]) -> None:
        problems = []
        for number, part in enumerate(parts):
            status = (await self._datasets.get(part.dataset_id)).status
            if status is not DatasetStatus.READY:
                message = f"dataset {part.dataset_name} is {_told(status)}"
                problems.append(Problem(field=f"split_ids.{number}", message=message))
        if problems:
            raise DatasetIsNotReady(problems[0].message, errors=problems)

    async def _row(self, parts: Sequence[DataReference], wanted: CombineSplits) -> CombinationRow:
        """Splits never change: the same ones are combined once."""
        told = f"{WAY} {wanted.leaks} {' '.join(map(str, wanted.split_ids))}"
        digest = sha256(told.encode()).hexdigest()
        found = await self._repository.get(digest)
        if found is not None:
            return found
        crossings = await self._crossings(parts)
        if crossings.num_files and wanted.leaks == "refuse":
            raise await self._leak(parts, crossings)
        return await self._store(digest, parts, crossings)

    async def _crossings(self, parts: Sequence[DataReference]) -> "Crossings":
        from services.datasets.combining import Contents, find_crossings

        contents = []
        for part in parts:
            manifest = await self._storage.get_bytes(part.manifest)
            contents.append(await asyncio.to_thread(Contents.of, manifest))
        return await asyncio.to_thread(find_crossings, contents)

    async def _store(
        self, digest: str, parts: Sequence[DataReference], crossings: "Crossings"
    ) -> CombinationRow:
        """The manifest before its row, which keeps the collector from it."""
        from services.datasets.combining import CombinedManifest

        combined = CombinedManifest()
        for part, is_less in zip(parts, crossings.is_less, strict=True):
            manifest = await self._storage.get_bytes(part.manifest)
            await asyncio.to_thread(combined.add, manifest, is_less if is_less.any() else None)
        content = await asyncio.to_thread(combined.finish)
        await self._storage.put_bytes(artifacts.combined_manifest(parts[0].dataset_id, digest), content)
        row = CombinationRow(
            digest=digest,
            dataset_id=parts[0].dataset_id,
            subset_counts=dict(combined.counts),
            num_left_out=sum(int(each.sum()) for each in crossings.is_less),
        )
        await self._repository.add(row)
        return row

    async def _leak(self, parts: Sequence[DataReference], crossings: "Crossings") -> DatasetsLeak:
        from services.datasets.combining import place_at

        assert crossings.first is not None
        places = []
        for number, row in (crossings.first.one, crossings.first.other):
            manifest = await self._storage.get_bytes(parts[number].manifest)
            name, subset = await asyncio.to_thread(place_at, manifest, row)
            places.append(f"{name} in {subset} of {parts[number].dataset_name}")
        files = "1 file is" if crossings.num_files == 1 else f"{crossings.num_files} files are"
        message = f"{files} in different subsets of two datasets, the first being {' and '.join(places)}"
        problem = Problem(field=f"split_ids.{crossings.first.other[0]}", message=message)
        return DatasetsLeak(f"{message}; they can be left out of what is trained on", errors=[problem])


def _require_together(parts: Sequence[DataReference]) -> None:
    """Each dataset once, all of one project, of one modality, with a type of annotations in common."""
    first = parts[0]
    seen = set[UUID]()
    problems = []
    for number, part in enumerate(parts):
        if part.project_id != first.project_id:
            problems.append((number, f"{part.dataset_name} belongs to another project"))
        if part.dataset_id in seen:
            problems.append((number, f"another split of {part.dataset_name} is chosen already"))
        seen.add(part.dataset_id)
    if problems:
        raise SplitsAreApart(problems[0][1], errors=_problems(problems))
    for number, part in enumerate(parts):
        if part.modality != first.modality:
            kinds = f"{part.dataset_name} holds {part.modality}, {first.dataset_name} {first.modality} data"
            problems.append((number, kinds))
        elif not _have_types_in_common(first, part):
            kinds = f"{part.dataset_name} has {_types(part)}, {first.dataset_name} has {_types(first)}"
            problems.append((number, kinds))
    if problems:
        raise DatasetsDiffer(problems[0][1], errors=_problems(problems))


def _have_types_in_common(one: DataReference, other: DataReference) -> bool:
    """Data of text alone have no annotations at all, and go together."""
    if one.annotation_types == other.annotation_types:
        return True
    return bool(set(one.annotation_types or ()) & set(other.annotation_types or ()))


def _types(part: DataReference) -> str:
    return f"annotations of type {', '.join(part.annotation_types or ()) or 'none'}"


def _problems(found: Sequence[tuple[int, str]]) -> list[Problem]:
    return [Problem(field=f"split_ids.{number}", message=message) for number, message in found]


def _reference(parts: Sequence[DataReference], row: CombinationRow) -> DataReference:
    """What the task may count on is what every one of them has."""
    first = parts[0]
    kinds = [part.annotation_types for part in parts if part.annotation_types is not None]
    in_common = tuple(sorted(set(kinds[0]).intersection(*kinds))) if kinds else None
    return first.model_copy(
        update={
            "manifest": artifacts.combined_manifest(first.dataset_id, row.digest),
            "shards": tuple(chain.from_iterable(part.shards for part in parts)),
            "classes": tuple(sorted({name for part in parts for name in part.classes})),
            "subset_counts": row.subset_counts,
            "untrained": _untrained(parts),
            "annotation_types": in_common,
            "also": tuple(part.parts[0] for part in parts[1:]),
            "num_left_out": row.num_left_out,
        }
    )


def _untrained(parts: Sequence[DataReference]) -> tuple[str, ...]:
    """What one dataset lacks another one may have."""
    trained = {name for part in parts for name in set(part.classes) - set(part.untrained)}
    return tuple(sorted({name for part in parts for name in part.classes} - trained))


def _told(status: DatasetStatus) -> str:
    if status is DatasetStatus.NOT_FOUND:
        return "no longer in the object store"
    return status.value.replace("_", " ")
