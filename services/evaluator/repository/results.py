"""SQL of what became of each sample: COPY in, rows by their positions out, columns beside them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.results import SampleResult
from libs.common.db import copy_records
from services.evaluator.models import ColumnRow, LeftoverRow, ResultRow

# A million rows take longer than a request may.
WITHOUT_HURRY = text("SET LOCAL statement_timeout = 0")
PART_BYTES = 32 * 2**20
COPIED = (
    "evaluation_id", "position", "sample_id", "name", "subset", "correct", "score", "loss", "confidence",
    "truth", "prediction",
)  # fmt: skip


class ResultRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def copy(self, evaluation_id: UUID, results: Iterable[SampleResult]) -> None:
        await self._session.execute(WITHOUT_HURRY)
        records = (_record(evaluation_id, place, result) for place, result in enumerate(results))
        table = ResultRow.__table__
        assert isinstance(table, Table)
        await copy_records(self._session, table, COPIED, records)

    async def all(self, evaluation_id: UUID) -> AsyncIterator[ResultRow]:
        """In the order of positions, a few at a time."""
        statement = select(ResultRow).where(ResultRow.evaluation_id == evaluation_id)
        rows = await self._session.stream_scalars(statement.order_by(ResultRow.position))
        async for row in rows:
            yield row

    async def at(self, evaluation_id: UUID, positions: Sequence[int]) -> list[ResultRow]:
        """In the order of `positions`."""
        statement = select(ResultRow).where(
            ResultRow.evaluation_id == evaluation_id, ResultRow.position.in_(positions)
        )
        rows = {row.position: row for row in await self._session.scalars(statement)}
        return [rows[position] for position in positions]

    async def add_columns(self, evaluation_id: UUID, columns: Mapping[str, bytes]) -> None:
        """Part by part: all of a statement's values are in memory at once."""
        for name, data in columns.items():
            for part, start in enumerate(range(0, max(1, len(data)), PART_BYTES)):
                values = {"name": name, "part": part, "data": data[start : start + PART_BYTES]}
                await self._session.execute(insert(ColumnRow), {"evaluation_id": evaluation_id, **values})

    async def columns(self, evaluation_id: UUID, names: Sequence[str]) -> dict[str, bytes]:
        """Those of them that there are."""
        statement = select(ColumnRow.name, ColumnRow.data).where(
            ColumnRow.evaluation_id == evaluation_id, ColumnRow.name.in_(names)
        )
        parts: dict[str, list[bytes]] = defaultdict(list)
        for name, data in await self._session.execute(statement.order_by(ColumnRow.name, ColumnRow.part)):
            parts[name].append(data)
        return {name: found[0] if len(found) == 1 else b"".join(found) for name, found in parts.items()}

    async def leftovers(self) -> Sequence[UUID]:
        return (await self._session.scalars(select(LeftoverRow.evaluation_id))).all()

    async def sweep(self, evaluation_id: UUID, most: int) -> bool:
        """Some results of a deleted evaluation; False when it was the last of it."""
        await self._session.execute(delete(ColumnRow).where(ColumnRow.evaluation_id == evaluation_id))
        own = ResultRow.evaluation_id == evaluation_id
        first = await self._session.scalar(select(func.min(ResultRow.position)).where(own))
        if first is None:
            await self._session.execute(delete(LeftoverRow).where(LeftoverRow.evaluation_id == evaluation_id))
            return False
        await self._session.execute(delete(ResultRow).where(own, ResultRow.position < first + most))
        return True


def _record(evaluation_id: UUID, position: int, result: SampleResult) -> tuple[Any, ...]:
    truth = ",".join(each.model_dump_json() for each in result.truth)
    return (
        evaluation_id, position, result.sample_id, result.name, result.subset, result.correct, result.score,
        result.loss, result.confidence, f"[{truth}]", result.prediction.model_dump_json(),
    )  # fmt: skip
