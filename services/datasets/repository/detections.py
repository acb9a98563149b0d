"""SQL of detections."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from services.datasets.models import DetectionRow, ReportRow


class DetectionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: DetectionRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def get(self, detection_id: UUID) -> DetectionRow | None:
        return await self._session.get(DetectionRow, detection_id)

    async def remove_expired(self, limit: int) -> int:
        """With their reports."""
        expired = select(DetectionRow.id).where(DetectionRow.expires_at <= now()).limit(limit)
        statement = delete(DetectionRow).where(DetectionRow.id.in_(expired.with_for_update(skip_locked=True)))
        jobs = (await self._session.scalars(statement.returning(DetectionRow.job_id))).all()
        if jobs:
            await self._session.execute(delete(ReportRow).where(ReportRow.id.in_(jobs)))
        return len(jobs)
