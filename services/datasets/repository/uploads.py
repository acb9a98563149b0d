"""SQL of uploads."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import String, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.contracts.datasets import DatasetStatus
from services.datasets.models import DatasetRow, UploadRow

# A dataset that is not imported yet needs its upload, however long that takes.
WAITING = (DatasetStatus.RAW.value, DatasetStatus.IMPORTING.value, DatasetStatus.PREPARING.value)
IS_NEEDED = (
    select(DatasetRow.id)
    .where(
        DatasetRow.source["upload_id"].as_string() == cast(UploadRow.id, String),
        DatasetRow.status.in_(WAITING),
    )
    .exists()
)


class UploadRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: UploadRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def get(self, upload_id: UUID) -> UploadRow | None:
        """Locked, and only while it has not expired."""
        is_valid = or_(UploadRow.expires_at > now(), IS_NEEDED)
        statement = select(UploadRow).where(UploadRow.id == upload_id, is_valid)
        return await self._session.scalar(statement.with_for_update())

    async def filename(self, upload_id: UUID) -> str | None:
        """What its owner calls it; not locked, for those who only read it."""
        return await self._session.scalar(select(UploadRow.filename).where(UploadRow.id == upload_id))

    async def expired(self, limit: int) -> Sequence[UploadRow]:
        statement = select(UploadRow).where(UploadRow.expires_at <= now(), ~IS_NEEDED).limit(limit)
        return (await self._session.scalars(statement.with_for_update(skip_locked=True))).all()

    async def delete(self, row: UploadRow) -> None:
        await self._session.delete(row)
