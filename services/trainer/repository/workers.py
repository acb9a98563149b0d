"""Workers that were heard of, and what they are busy with."""

import math
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, any_, case, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.contracts.jobs import JobState, WorkerIdentity
from libs.common.db.within import Within
from libs.common.jobs.model import JobRow
from services.trainer.models import WorkerRow

# Not at every claim: a row that changes each second is work for PostgreSQL and news for nobody.
SEEN_EVERY = timedelta(seconds=10)
PRESENT_FOR = timedelta(minutes=1)
OTHER_WORK = "work of another project"
MOST_REMEMBERED = 10_000
_SEEN: dict[str, float] = {}


class Workers:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def see(self, worker: WorkerIdentity) -> None:
        if _was_just_seen(worker.id):
            return
        statement = insert(WorkerRow).values(
            id=worker.id,
            node=worker.node,
            device=worker.device,
            capabilities=list(worker.capabilities),
            kinds=list(worker.kinds),
            last_seen_at=now(),
        )
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={
                    "last_seen_at": statement.excluded.last_seen_at,
                    "kinds": statement.excluded.kinds,
                },
                where=WorkerRow.last_seen_at < statement.excluded.last_seen_at - SEEN_EVERY,
            )
        )

    async def present(self, since: datetime, within: Within = None) -> Sequence[tuple[WorkerRow, str | None]]:
        """Those seen since then or at work now, each with the title of what its device is busy with."""
        at_work = select(JobRow.worker).where(JobRow.state == JobState.RUNNING)
        statement = (
            select(WorkerRow, _title(within))
            .outerjoin(JobRow, _serves_device())
            .where(or_(WorkerRow.last_seen_at >= since, WorkerRow.id.in_(at_work)))
            .order_by(WorkerRow.node, WorkerRow.id)
        )
        return [(worker, title) for worker, title in await self._session.execute(statement)]

    async def knows(self, capabilities: Sequence[str], kind: str) -> bool:
        """Whether any worker has had these; while none of this kind was seen there is nothing to go by."""
        fits = WorkerRow.capabilities.contains(list(capabilities))
        does = WorkerRow.kinds.contains([kind])
        statement = select(or_(func.count() == 0, func.count(case((fits, 1))) > 0)).where(does)
        return bool(await self._session.scalar(statement.select_from(WorkerRow)))

    async def forget(self, before: datetime) -> None:
        """Each process has an id of its own, so rows would pile up."""
        await self._session.execute(delete(WorkerRow).where(WorkerRow.last_seen_at < before))


def _title(within: Within) -> ColumnElement[str]:
    """What is of other projects has none, but is seen to be there."""
    if within is None:
        return JobRow.title.expression
    return case((JobRow.project_id.in_(within), JobRow.title), (JobRow.id.is_not(None), OTHER_WORK))


def _was_just_seen(worker_id: str) -> bool:
    """By this process, which then has no need to ask the database."""
    moment = time.monotonic()
    if moment - _SEEN.get(worker_id, -math.inf) < SEEN_EVERY.total_seconds():
        return True
    if len(_SEEN) > MOST_REMEMBERED:
        _SEEN.clear()
    _SEEN[worker_id] = moment
    return False


def _serves_device() -> ColumnElement[bool]:
    key = WorkerRow.node + "/" + WorkerRow.device
    has_it = or_(JobRow.device == key, key == any_(JobRow.also_devices))
    return (JobRow.state == JobState.RUNNING) & JobRow.needs_device & has_it
