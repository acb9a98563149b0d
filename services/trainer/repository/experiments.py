"""Experiments, with the last run of each and the best that any has reached."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Double,
    Row,
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from libs.common.contracts.experiments import (
    BestMetric,
    Experiment,
    ExperimentFilter,
    ExperimentSort,
    ExperimentSummary,
)
from libs.common.db.within import Within, first_rows
from services.trainer.models import ExperimentRow, RunRow, StandingRow
from services.trainer.repository.texts import holds

# Taken, with the project, by whoever names an experiment.
NAMES = 0x6E616D65
# The id of the last row seen, and what it is sorted by (nothing more, where that is the id).
Position = tuple[UUID, str | float | datetime | None]
LAST = aliased(RunRow, name="last")
OWN = (
    "id", "project_id", "name", "note", "task", "dataset_names", "num_runs", "last_run_id",
    "created_by", "created_at", "updated_at",
)  # fmt: skip
STANDING = (
    LAST.state.label("last_run_state"),
    func.coalesce(LAST.finished_at, LAST.started_at).label("last_run_at"),
    StandingRow.best_rank,
    StandingRow.best_key,
    StandingRow.best_value,
    StandingRow.best_run_id,
)
SORTED_BY: dict[str, SQLColumnExpression[Any]] = {
    "created": ExperimentRow.id,
    "name": ExperimentRow.name,
    "updated": ExperimentRow.updated_at,
    "best": StandingRow.best_rank,
}
KINDS = {"name": Text(), "updated": DateTime(timezone=True), "best": Double()}


class Experiments:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: ExperimentRow) -> None:
        self._session.add(row)
        await self._session.flush()
        self._session.add(StandingRow(experiment_id=row.id, project_id=row.project_id))
        await self._session.flush()

    async def names_like(self, project_id: UUID, name: str) -> set[str]:
        """Names in the project that begin so. Until the end of the transaction nobody else takes one."""
        await self._session.execute(select(func.pg_advisory_xact_lock(NAMES, func.hashtext(str(project_id)))))
        row = ExperimentRow
        statement = select(row.name).where(
            row.project_id == project_id, row.name.startswith(name, autoescape=True)
        )
        return set(await self._session.scalars(statement))

    async def get(self, experiment_id: UUID) -> ExperimentRow | None:
        return await self._session.get(ExperimentRow, experiment_id, populate_existing=True)

    async def lock(self, experiment_id: UUID) -> ExperimentRow | None:
        return await self._session.get(ExperimentRow, experiment_id, with_for_update=True)

    async def some(self, experiment_ids: Sequence[UUID]) -> dict[UUID, ExperimentSummary]:
        """Those that exist."""
        found = await self._session.execute(_summaries().where(ExperimentRow.id.in_(experiment_ids)))
        return {row.id: _summary(row) for row in found}

    async def view(self, experiment_id: UUID) -> Experiment | None:
        statement = _summaries(ExperimentRow.config, ExperimentRow.data)
        row = (await self._session.execute(statement.where(ExperimentRow.id == experiment_id))).one_or_none()
        return None if row is None else Experiment(**dict(_summary(row)), config=row.config, data=row.data)

    async def page(
        self,
        wanted: ExperimentFilter,
        within: Within,
        sort: ExperimentSort,
        after: Position | None,
        limit: int,
    ) -> Sequence[tuple[ExperimentSummary, Position]]:
        """Each with its own position. Every order is that of an index, of a project and across all."""
        name = sort.removeprefix("-")
        # The best come first without being asked to.
        is_falling = sort.startswith("-") or name == "best"
        place = [SORTED_BY[name]] if name == "created" else [SORTED_BY[name], ExperimentRow.id]
        statement = _summaries().where(*_conditions(wanted))
        if after is not None:
            statement = statement.where(_is_behind(place, name, after, is_falling))
        # Said of both tables, as the project is.
        whose = (ExperimentRow.project_id, StandingRow.project_id)
        page = first_rows(statement, place, limit, within, *whose, is_falling=is_falling)
        rows = await self._session.execute(page)
        return [(_summary(row), (row.id, _value(row, name))) for row in rows]

    async def delete(self, experiment_id: UUID) -> None:
        await self._session.execute(delete(ExperimentRow).where(ExperimentRow.id == experiment_id))

    async def delete_project(self, project_id: UUID) -> None:
        await self._session.execute(delete(ExperimentRow).where(ExperimentRow.project_id == project_id))


def _summaries(*others: Any) -> Select[*tuple[Any, ...]]:
    own = [getattr(ExperimentRow, name) for name in OWN]
    return (
        select(*own, *STANDING, *others)
        .join(StandingRow, StandingRow.experiment_id == ExperimentRow.id)
        .outerjoin(LAST, LAST.id == ExperimentRow.last_run_id)
    )


def _conditions(wanted: ExperimentFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.project_id is not None:
        # Said of both, so that either one's index will do.
        found += [ExperimentRow.project_id == wanted.project_id, StandingRow.project_id == wanted.project_id]
    if wanted.task is not None:
        found.append(ExperimentRow.task == wanted.task)
    if wanted.state is not None:
        found.append(LAST.id.is_(None) if wanted.state == "not_run" else LAST.state == wanted.state)
    if wanted.text:
        names = func.array_to_string(ExperimentRow.dataset_names, "\n")
        texts = (ExperimentRow.name, ExperimentRow.note, names)
        found.append(or_(*(holds(text, wanted.text) for text in texts)))
    return found


def _is_behind(
    place: Sequence[SQLColumnExpression[Any]], name: str, after: Position, is_falling: bool
) -> ColumnElement[bool]:
    last_id, value = after
    last = literal(last_id, Uuid())
    there = tuple_(last) if name == "created" else tuple_(literal(value, KINDS[name]), last)
    return tuple_(*place) < there if is_falling else tuple_(*place) > there


def _value(row: Row[*tuple[Any, ...]], name: str) -> str | float | datetime | None:
    match name:
        case "name":
            return row.name
        case "updated":
            return row.updated_at
        case "best":
            return row.best_rank
        case _:
            return None


def _summary(row: Row[*tuple[Any, ...]]) -> ExperimentSummary:
    best = None
    if row.best_run_id is not None:
        best = BestMetric(key=row.best_key, value=row.best_value, run_id=row.best_run_id)
    own = {name: getattr(row, name) for name in OWN}
    return ExperimentSummary(**own, last_run_state=row.last_run_state, last_run_at=row.last_run_at, best=best)
