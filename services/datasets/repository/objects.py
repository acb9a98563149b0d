"""SQL of what the object store should hold: every key that a row of a dataset speaks of."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common import artifacts
from libs.common.contracts.datasets import DatasetStatus
from services.datasets.models import (
    CombinationRow,
    DatasetExportRow,
    DatasetRow,
    ShardRow,
    SplitRow,
    StagedChunkRow,
)

IS_QUIET = not_(
    DatasetRow.is_adding
    | DatasetRow.status.in_((DatasetStatus.IMPORTING.value, DatasetStatus.PREPARING.value))
)


class ObjectRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def quiet_datasets(self) -> Sequence[UUID]:
        """Those that no import is at work on."""
        return (await self._session.scalars(select(DatasetRow.id).where(IS_QUIET))).all()

    async def is_quiet(self, dataset_id: UUID) -> bool:
        """Locked, so that it stays so until the end of the transaction."""
        statement = select(DatasetRow.id).where(DatasetRow.id == dataset_id, IS_QUIET).with_for_update()
        return await self._session.scalar(statement) is not None

    async def keys(self, dataset_id: UUID) -> set[str]:
        shards = {
            *await self._ids(select(ShardRow.id).where(ShardRow.dataset_id == dataset_id)),
            *await self._ids(select(StagedChunkRow.shard_id).where(StagedChunkRow.dataset_id == dataset_id)),
        }
        splits = await self._ids(select(SplitRow.id).where(SplitRow.dataset_id == dataset_id))
        exports = await self._ids(
            select(DatasetExportRow.id).where(DatasetExportRow.dataset_id == dataset_id)
        )
        combined = await self._session.scalars(
            select(CombinationRow.digest).where(CombinationRow.dataset_id == dataset_id)
        )
        return {
            *(artifacts.combined_manifest(dataset_id, each) for each in combined),
            *(artifacts.shard(dataset_id, each) for each in shards),
            *(artifacts.thumbnails(dataset_id, each) for each in shards),
            *(artifacts.manifest(dataset_id, each) for each in splits),
            *(artifacts.dataset_export(dataset_id, each) for each in exports),
        }

    async def _ids(self, statement: Select[Any]) -> list[UUID]:
        return [each for each in (await self._session.scalars(statement)).all() if each is not None]
