"""SQL of the search for a part of a name: whole blocks of names are looked into instead of row after row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import NameBlockRow
from services.datasets.repository.listed import Wanted

# PostgreSQL looks for a long part faster by `strpos`, which skips ahead by its length.
SHORT = 5


@dataclass(frozen=True)
class Order:
    """Of blocks: those with the smallest (or, descending, the largest) `key` come first.

    Everything before the key of the first block that was left out is known.
    """

    key: SQLColumnExpression[Any]
    other_end: SQLColumnExpression[Any]
    is_descending: bool

    def first(self) -> SQLColumnExpression[Any]:
        return self.key.desc() if self.is_descending else self.key

    def reaches(self, value: Any) -> ColumnElement[bool]:
        """Whether a block has something behind `value`."""
        return self.other_end <= value if self.is_descending else self.other_end >= value


ORDERS = {
    "name": Order(NameBlockRow.low, NameBlockRow.high, False),
    "-name": Order(NameBlockRow.high, NameBlockRow.low, True),
    "created": Order(NameBlockRow.first_id, NameBlockRow.last_id, False),
    "-created": Order(NameBlockRow.last_id, NameBlockRow.first_id, True),
}


@dataclass(frozen=True)
class Matches:
    """Samples with the wanted part in their names; beyond `edge`, a key of the order, there may be more."""

    ids: Sequence[UUID]
    edge: Any = None
    is_all: bool = True


class NameRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def matching(self, wanted: Wanted, most: int | None) -> Matches:
        """Of every version. The first in the wanted order, at least `most` if there are so many, or all."""
        part = (wanted.filter.text or "").replace("\n", " ")
        order = ORDERS.get(wanted.sort) if most else None
        key: SQLColumnExpression[Any] = order.key if order else NameBlockRow.first_id
        statement = select(NameBlockRow.names, NameBlockRow.ids, key).where(
            NameBlockRow.dataset_id == wanted.dataset_id, _holds(part)
        )
        if order and wanted.after is not None:
            sample_id, value = wanted.after
            statement = statement.where(order.reaches(sample_id if wanted.order == "created" else value))
        if order and most:
            statement = statement.order_by(order.first()).limit(most + 1)
        blocks = (await self._session.execute(statement)).all()
        return _collect(blocks, part, most if order else None)


def _holds(part: str) -> ColumnElement[bool]:
    if len(part) < SHORT:
        return NameBlockRow.names.contains(part, autoescape=True)
    return func.strpos(NameBlockRow.names, part) > 0


def _collect(blocks: Sequence[Row[str, list[UUID], Any]], part: str, most: int | None) -> Matches:
    """Each block holds at least one match: no more than `most` of them have to be looked at."""
    ids: list[UUID] = []
    for names, known, key in blocks:
        if most and len(ids) >= most:
            return Matches(ids, key, is_all=False)
        ids += [each for name, each in zip(names.split("\n"), known, strict=True) if part in name]
    return Matches(ids)
