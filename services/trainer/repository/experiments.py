"""Experiments and the last run of each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.experiments import Experiment
from services.trainer.models import ExperimentRow, RunRow


class Experiments:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ExperimentRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def lock(self, experiment_id: UUID) -> ExperimentRow | None:
        return await self._session.get(ExperimentRow, experiment_id, with_for_update=True)

    async def view(self, experiment_id: UUID) -> Experiment | None:
        found = await self._views(_with_last_run().where(ExperimentRow.id == experiment_id))
        return found[0] if found else None

    async def page(self, project_id: UUID, before: UUID | None, limit: int) -> Sequence[Experiment]:
        """Newest first: ids grow with time."""
        statement = _with_last_run().where(ExperimentRow.project_id == project_id)
        if before is not None:
            statement = statement.where(ExperimentRow.id < before)
        return await self._views(statement.order_by(ExperimentRow.id.desc()).limit(limit))

    async def delete(self, experiment_id: UUID) -> None:
        await self._session.execute(delete(ExperimentRow).where(ExperimentRow.id == experiment_id))

    async def delete_project(self, project_id: UUID) -> None:
        await self._session.execute(delete(ExperimentRow).where(ExperimentRow.project_id == project_id))

    async def _views(self, statement: Select[ExperimentRow, Any, Any]) -> list[Experiment]:
        return [_view(*found) for found in await self._session.execute(statement)]


def _with_last_run() -> Select[ExperimentRow, Any, Any]:
    last = (
        select(RunRow.id, RunRow.state)
        .where(RunRow.experiment_id == ExperimentRow.id)
        .order_by(RunRow.id.desc())
        .limit(1)
        .lateral("last_run")
    )
    return select(ExperimentRow, last.c.id, last.c.state).join(last, true(), isouter=True)


def _view(row: ExperimentRow, last_run_id: UUID | None, last_run_state: str | None) -> Experiment:
    own = {name: getattr(row, name) for name in Experiment.model_fields if not name.startswith("last_run")}
    return Experiment(**own, last_run_id=last_run_id, last_run_state=last_run_state)
