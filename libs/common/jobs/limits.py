"""How many jobs of a kind may run at once, in all and on each pool of devices, and whether any may start."""

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.queue import QueueSettings
from libs.common.jobs.model import JobLimitRow
from libs.common.jobs.turns import take_turn


class JobLimits:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, kind: str) -> QueueSettings:
        row = await self._session.get(JobLimitRow, kind, populate_existing=True)
        return QueueSettings() if row is None else _view(row)

    async def change(self, kind: str, settings: QueueSettings, changed: tuple[str, ...]) -> QueueSettings:
        """In turn with the claims: who is told the new limit sees no start above it any more."""
        await take_turn(self._session)
        merged = (await self.get(kind)).model_copy(update={name: getattr(settings, name) for name in changed})
        values = merged.model_dump(mode="json")
        statement = insert(JobLimitRow).values(kind=kind, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=["kind"], set_=values))
        # Workers that found nothing to do look again at once.
        await self._session.execute(select(text("pg_notify('modelyard_jobs', :kind)")), {"kind": kind})
        return merged


def _view(row: JobLimitRow) -> QueueSettings:
    return QueueSettings.model_validate({name: getattr(row, name) for name in QueueSettings.model_fields})
