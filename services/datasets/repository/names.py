"""SQL of the search for a part of a name: whole blocks of names are looked into instead of row after row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import NameBlockRow
from services.datasets.repository.listed import Wanted

ID_BYTES = 16
Block = Row[bytes, bytes, Any]


@dataclass(frozen=True)
class Order:
    """Blocks with the smallest (or, descending, the largest) `key` first: nothing left out lies before it."""

    key: SQLColumnExpression[Any]
    other_end: SQLColumnExpression[Any]
    is_descending: bool

    def first(self) -> SQLColumnExpression[Any]:
        return self.key.desc() if self.is_descending else self.key

    def reaches(self, value: Any) -> ColumnElement[bool]:
        return self.other_end <= value if self.is_descending else self.other_end >= value

    def holds(self, value: bytes, after: bytes | None, left_out: bytes | None) -> bool:
        """Whether `value` is not before `after`, but before the first block that was left out."""
        if self.is_descending:
            return (after is None or value <= after) and (left_out is None or value > left_out)
        return (after is None or value >= after) and (left_out is None or value < left_out)


ORDERS = {
    "name": Order(NameBlockRow.low, NameBlockRow.high, False),
    "-name": Order(NameBlockRow.high, NameBlockRow.low, True),
    "created": Order(NameBlockRow.first_id, NameBlockRow.last_id, False),
    "-created": Order(NameBlockRow.last_id, NameBlockRow.first_id, True),
}


@dataclass(frozen=True)
class Matches:
    """Samples of any version that have the part in their names: the first of the wanted order, or all."""

    ids: Sequence[UUID]
    is_all: bool


class NameRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def matching(self, wanted: Wanted, most_blocks: int | None) -> Matches:
        """Those in so many of the first blocks that hold the part; without a number those in all."""
        part = (wanted.filter.text or "").replace("\n", " ").encode()
        order = ORDERS.get(wanted.sort) if most_blocks else None
        if order is None or most_blocks is None:
            blocks = await self._blocks(wanted, part)
            return Matches([UUID(bytes=sample_id) for _, sample_id in _found(blocks, part)], is_all=True)
        blocks = await self._blocks(wanted, part, order, most_blocks + 1)
        left_out = _key(blocks[most_blocks][2]) if len(blocks) > most_blocks else None
        after = None if wanted.after is None else _key(wanted.value_after)
        found = [
            sample_id
            for name, sample_id in _found(blocks[:most_blocks], part)
            if order.holds(sample_id if wanted.order == "created" else name, after, left_out)
        ]
        return Matches([UUID(bytes=sample_id) for sample_id in found], is_all=left_out is None)

    async def _blocks(
        self, wanted: Wanted, part: bytes, order: Order | None = None, most: int | None = None
    ) -> Sequence[Block]:
        key: SQLColumnExpression[Any] = order.key if order else NameBlockRow.first_id
        statement = select(NameBlockRow.names, NameBlockRow.ids, key).where(
            NameBlockRow.dataset_id == wanted.dataset_id,
            func.pg_catalog.position(NameBlockRow.names, part) > 0,
        )
        if order and wanted.after is not None:
            statement = statement.where(order.reaches(wanted.value_after))
        if order:
            statement = statement.order_by(order.first())
        return (await self._session.execute(statement.limit(most))).all()


def _key(value: str | UUID) -> bytes:
    """In the order of PostgreSQL, and without making objects of all that is only compared."""
    return value.bytes if isinstance(value, UUID) else value.encode()


def _found(blocks: Sequence[Block], part: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names that hold the part, and the ids that go with them: as few steps as there are matches."""
    for names, ids, _ in blocks:
        end = -1
        while (place := names.find(part, end + 1)) >= 0:
            begin, number = names.rfind(b"\n", 0, place) + 1, names.count(b"\n", 0, place)
            end = names.find(b"\n", place)
            yield names[begin : end if end >= 0 else None], ids[number * ID_BYTES : (number + 1) * ID_BYTES]
            if end < 0:
                break
