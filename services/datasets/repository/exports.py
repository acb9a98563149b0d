"""SQL of exports."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import AssignmentRow, DatasetExportRow, SampleRow, SplitRow
from services.datasets.repository.samples import in_version

BATCH = 1000


class ExportRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: DatasetExportRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def get(self, export_id: UUID) -> DatasetExportRow | None:
        return await self._session.get(DatasetExportRow, export_id)

    async def page(self, dataset_id: UUID, before: UUID | None, limit: int) -> Sequence[DatasetExportRow]:
        """Newest first: ids grow with time."""
        statement = select(DatasetExportRow).where(DatasetExportRow.dataset_id == dataset_id)
        if before is not None:
            statement = statement.where(DatasetExportRow.id < before)
        return (
            await self._session.scalars(statement.order_by(DatasetExportRow.id.desc()).limit(limit))
        ).all()

    async def split_version(self, split_id: UUID, dataset_id: UUID) -> int | None:
        statement = select(SplitRow.version).where(SplitRow.id == split_id, SplitRow.dataset_id == dataset_id)
        return await self._session.scalar(statement)

    async def rows(
        self, dataset_id: UUID, version: int, split_id: UUID | None
    ) -> AsyncIterator[Mapping[str, Any]]:
        """In the order of names, as they come from the server: there may be a million."""
        subset = SampleRow.subset if split_id is None else AssignmentRow.subset
        statement = select(
            SampleRow.name, SampleRow.media_type, SampleRow.width, SampleRow.height, subset.label("subset"),
            SampleRow.shard_id.label("shard"), SampleRow.offset, SampleRow.size_bytes, SampleRow.fields,
            SampleRow.annotations,
        ).where(SampleRow.dataset_id == dataset_id, in_version(version))  # fmt: skip
        if split_id is not None:
            of_split = and_(AssignmentRow.sample_id == SampleRow.id, AssignmentRow.split_id == split_id)
            statement = statement.outerjoin(AssignmentRow, of_split)
        found = await self._session.stream(
            statement.order_by(SampleRow.name, SampleRow.id), execution_options={"yield_per": BATCH}
        )
        async for row in found.mappings():
            yield {str(key): value for key, value in row.items()}

    async def shards(self, dataset_id: UUID, version: int) -> Sequence[UUID]:
        statement = select(SampleRow.shard_id).where(SampleRow.dataset_id == dataset_id, in_version(version))
        return (await self._session.scalars(statement.distinct())).all()
