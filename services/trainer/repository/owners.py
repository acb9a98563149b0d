"""Which project an experiment, a run or a job belongs to."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.jobs.model import JobRow
from libs.common.owners import Owner, owners_by_key
from services.trainer.models import ExperimentRow, RunRow

Owned = Literal["experiment", "run", "job"]
ROWS: dict[Owned, tuple[Any, ...]] = {
    "experiment": (ExperimentRow,),
    "run": (RunRow,),
    # People know a job by the run that it trains, too.
    "job": (JobRow, RunRow),
}


class Owners:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, kind: Owned, ids: Sequence[UUID]) -> dict[str, Owner]:
        first, *others = (select(row.id, row.project_id).where(row.id.in_(ids)) for row in ROWS[kind])
        return await owners_by_key(self._session, first.union_all(*others) if others else first)
