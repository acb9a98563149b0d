"""Every SQL statement of the evaluator."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from libs.common.contracts.annotations import (
    Annotation,
    CaptionAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
    TextAnnotation,
)
from libs.common.contracts.evaluations import EvaluationState
from libs.common.contracts.results import ListSampleResults, SampleResult
from libs.common.db import copy_records
from services.evaluator.models import NO_LOSS, EvaluationRow, ResultRow

OPEN = (EvaluationState.QUEUED, EvaluationState.RUNNING)
SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "score": ResultRow.score,
    "loss": ResultRow.loss,
    "name": ResultRow.name,
}
COPIED = (
    "evaluation_id",
    "position",
    "sample_id",
    "name",
    "subset",
    "correct",
    "score",
    "loss",
    "labels",
    "truth",
    "prediction",
)


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: EvaluationRow) -> None:
        self._session.add(row)
        await self._session.flush()

    async def get(self, evaluation_id: UUID) -> EvaluationRow | None:
        return await self._session.get(EvaluationRow, evaluation_id)

    async def lock(self, evaluation_id: UUID) -> EvaluationRow | None:
        return await self._session.get(EvaluationRow, evaluation_id, with_for_update=True)

    async def page(self, run_id: UUID | None, before: UUID | None, limit: int) -> Sequence[EvaluationRow]:
        """Newest first: ids grow with time."""
        statement = select(EvaluationRow).order_by(EvaluationRow.id.desc()).limit(limit)
        if run_id is not None:
            statement = statement.where(EvaluationRow.run_id == run_id)
        if before is not None:
            statement = statement.where(EvaluationRow.id < before)
        return (await self._session.scalars(statement)).all()

    async def set_running(self, evaluation_id: UUID) -> bool:
        """False when it is gone or has ended."""
        statement = (
            update(EvaluationRow)
            .where(EvaluationRow.id == evaluation_id, EvaluationRow.state.in_(OPEN))
            .values(state=EvaluationState.RUNNING)
            .returning(EvaluationRow.id)
        )
        return await self._session.scalar(statement) is not None

    async def open_in_project(self, project_id: UUID) -> Sequence[EvaluationRow]:
        statement = select(EvaluationRow).where(
            EvaluationRow.project_id == project_id, EvaluationRow.state.in_(OPEN)
        )
        return (await self._session.scalars(statement)).all()

    async def delete(self, evaluation_id: UUID) -> None:
        await self._session.execute(delete(EvaluationRow).where(EvaluationRow.id == evaluation_id))

    async def delete_project(self, project_id: UUID) -> None:
        await self._session.execute(delete(EvaluationRow).where(EvaluationRow.project_id == project_id))

    async def copy_results(self, evaluation_id: UUID, results: Iterable[SampleResult]) -> None:
        records = (_record(evaluation_id, place, result) for place, result in enumerate(results))
        table = ResultRow.__table__
        assert isinstance(table, Table)
        await copy_records(self._session, table, COPIED, records)

    async def page_results(
        self, wanted: ListSampleResults, after: int | None, limit: int
    ) -> Sequence[ResultRow]:
        """`after` is the position of the last sample seen; its sort key is looked up."""
        column, is_descending = SORTS[wanted.sort.removeprefix("-")], wanted.sort.startswith("-")
        order = (column, ResultRow.position)
        statement = select(ResultRow).where(*_wanted(wanted)).limit(limit)
        statement = statement.order_by(*(each.desc() if is_descending else each.asc() for each in order))
        if after is not None:
            last = tuple_(_key_at(wanted.evaluation_id, after, column).scalar_subquery(), after)
            here = tuple_(*order)
            statement = statement.where(here < last if is_descending else here > last)
        return (await self._session.scalars(statement)).all()


def _wanted(wanted: ListSampleResults) -> list[ColumnElement[bool]]:
    conditions = [ResultRow.evaluation_id == wanted.evaluation_id]
    if wanted.correct is not None:
        conditions.append(ResultRow.correct.is_(wanted.correct))
    if wanted.subset is not None:
        conditions.append(ResultRow.subset == wanted.subset)
    if wanted.label is not None:
        conditions.append(ResultRow.labels.contains([wanted.label]))
    return conditions


def _key_at(evaluation_id: UUID, position: int, column: InstrumentedAttribute[Any]) -> Select[Any]:
    return select(column).where(ResultRow.evaluation_id == evaluation_id, ResultRow.position == position)


def _record(evaluation_id: UUID, position: int, result: SampleResult) -> tuple[Any, ...]:
    return (
        evaluation_id,
        position,
        result.sample_id,
        result.name,
        result.subset,
        result.correct,
        result.score,
        NO_LOSS if result.loss is None else result.loss,
        labels_of(result.truth),
        json.dumps([each.model_dump(mode="json") for each in result.truth]),
        result.prediction.model_dump_json(),
    )


def labels_of(truth: Iterable[Annotation]) -> list[str]:
    """The classes a sample is filtered by; captions, targets and texts name none."""
    labels: set[str] = set()
    for annotation in truth:
        match annotation:
            case LabelsAnnotation():
                labels.update(annotation.labels)
            case CaptionAnnotation() | TargetAnnotation() | TextAnnotation():
                pass
            case _:
                labels.add(annotation.label)
    return sorted(labels)
