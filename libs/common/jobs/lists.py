"""What there is to see of jobs: by project, in the order of the queue, and what has ended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from libs.common.contracts.base import Page
from libs.common.contracts.jobs import Job, JobState, ListJobs
from libs.common.contracts.queue import ListQueueHistory
from libs.common.db.within import first_rows
from libs.common.jobs.backlog import Backlog, backlogs
from libs.common.jobs.claim import IN_ORDER
from libs.common.jobs.model import JobRow
from libs.common.paging import after, page_of


@dataclass(frozen=True)
class Ended:
    """When and which: the place of a job in the history."""

    at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> "Ended":
        at, _, id = text.partition("/")
        return cls(datetime.fromisoformat(at), UUID(id))

    @classmethod
    def of(cls, row: JobRow) -> "Ended":
        assert row.finished_at is not None
        return cls(row.finished_at, row.id)

    def __str__(self) -> str:
        return f"{self.at.isoformat()}/{self.id}"


class JobLists:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(self, wanted: ListJobs) -> Page[Job]:
        """Ids grow with time."""
        statement = select(JobRow).where(*_about(wanted))
        if (seen := after(wanted.query, UUID)) is not None:
            statement = statement.where(JobRow.id < seen)
        rows = await self._first(statement, [JobRow.id], wanted)
        return page_of(rows, wanted.query, JobRow.view, lambda row: row.id)

    async def running(self) -> Sequence[JobRow]:
        statement = select(JobRow).where(JobRow.state == JobState.RUNNING).order_by(JobRow.started_at)
        return (await self._session.scalars(statement)).all()

    async def waiting(self, limit: int) -> Sequence[JobRow]:
        statement = select(JobRow).where(JobRow.state == JobState.QUEUED).order_by(*IN_ORDER).limit(limit)
        return (await self._session.scalars(statement)).all()

    async def backlogs(self) -> list[Backlog]:
        return await backlogs(self._session)

    async def places(self, within: Collection[UUID], limit: int) -> Sequence[tuple[int, JobRow]]:
        """What waits of these projects, each with its place among all that waits."""
        place = func.row_number().over(order_by=IN_ORDER).label("place")
        every = select(JobRow.id, place).where(JobRow.state == JobState.QUEUED).subquery()
        statement = select(every.c.place, JobRow).join(every, every.c.id == JobRow.id)
        statement = statement.where(JobRow.project_id.in_(within)).order_by(every.c.place).limit(limit)
        return [(place, row) for place, row in await self._session.execute(statement)]

    async def ended(self, wanted: ListQueueHistory) -> Sequence[JobRow]:
        """One more than a page holds."""
        conditions = [*_about(wanted), JobRow.finished_at.is_not(None)]
        if wanted.since is not None:
            conditions.append(JobRow.finished_at >= wanted.since)
        if wanted.until is not None:
            conditions.append(JobRow.finished_at < wanted.until)
        if (seen := after(wanted.query, Ended.read)) is not None:
            conditions.append(tuple_(JobRow.finished_at, JobRow.id) < tuple_(seen.at, seen.id))
        return await self._first(select(JobRow).where(*conditions), [JobRow.finished_at, JobRow.id], wanted)

    async def _first(
        self,
        statement: Select[JobRow],
        place: Sequence[InstrumentedAttribute[Any]],
        wanted: ListJobs | ListQueueHistory,
    ) -> Sequence[JobRow]:
        """The last come first; one more than a page holds."""
        limit = wanted.query.limit + 1
        page = first_rows(statement, place, limit, wanted.within, JobRow.project_id, is_falling=True)
        return (await self._session.scalars(page)).all()


def _about(wanted: ListJobs | ListQueueHistory) -> list[ColumnElement[bool]]:
    values = {JobRow.project_id: wanted.project_id, JobRow.kind: wanted.kind, JobRow.state: wanted.state}
    return [column == value for column, value in values.items() if value is not None]
