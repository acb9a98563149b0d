"""SQL of the search for a part of a name: whole blocks of names are looked into instead of row after row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.datasets.models import NameBlockRow
from services.datasets.repository.listed import Wanted

ID_BYTES = 16
# So many times a page is looked for, since not all that match the name may match the rest.
SPARE = 3
BETWEEN = b"\0"
# Folder, names in it, ids, key of the order.
Block = Row[bytes, bytes, bytes, Any]


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
        part = (wanted.filter.text or "").encode()
        order = ORDERS.get(wanted.sort) if most_blocks else None
        if order is None or most_blocks is None:
            blocks = await self._blocks(wanted, part)
            return Matches([UUID(bytes=sample_id) for _, sample_id in _found(blocks, part)], is_all=True)
        blocks = await self._blocks(wanted, part, order, most_blocks + 1)
        for number in (4, 16, most_blocks):
            matches = _first(blocks, min(number, most_blocks), wanted, order, part)
            if matches.is_all or len(matches.ids) >= SPARE * wanted.limit:
                break
        return matches

    async def _blocks(
        self, wanted: Wanted, part: bytes, order: Order | None = None, most: int | None = None
    ) -> Sequence[Block]:
        key: SQLColumnExpression[Any] = order.key if order else NameBlockRow.first_id
        row = NameBlockRow
        statement = select(row.folder, row.names, row.ids, key).where(
            row.dataset_id == wanted.dataset_id, _holds(part)
        )
        if order and wanted.after is not None:
            statement = statement.where(order.reaches(wanted.value_after))
        if order:
            statement = statement.order_by(order.first())
        return (await self._session.execute(statement.limit(most))).all()


def _first(blocks: Sequence[Block], number: int, wanted: Wanted, order: Order, part: bytes) -> Matches:
    left_out = _key(blocks[number][3]) if number < len(blocks) else None
    after = None if wanted.after is None else _key(wanted.value_after)
    found = [
        UUID(bytes=sample_id)
        for name, sample_id in _found(blocks[:number], part)
        if order.holds(sample_id if wanted.order == "created" else name, after, left_out)
    ]
    return Matches(found, is_all=left_out is None)


def _key(value: str | UUID) -> bytes:
    """In the order of PostgreSQL, and without making objects of all that is only compared."""
    return value.bytes if isinstance(value, UUID) else value.encode()


def _holds(part: bytes) -> ColumnElement[bool]:
    """In the folder, in a name below it, or across the slash between them."""
    folder, names = NameBlockRow.folder, NameBlockRow.names
    head, slash, tail = part.rpartition(b"/")
    if not slash:
        return or_(_position(names, part) > 0, _position(folder, part) > 0)
    end = func.substr(folder, func.octet_length(folder) - len(head))
    begins = or_(func.substr(names, 1, len(tail)) == tail, _position(names, BETWEEN + tail) > 0)
    return or_(_position(folder, part) > 0, and_(end == head + slash, begins))


def _position(place: SQLColumnExpression[bytes], part: bytes) -> ColumnElement[int]:
    return func.pg_catalog.position(place, part)


def _found(blocks: Sequence[Block], part: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names that hold the part, and the ids that go with them."""
    _, slash, tail = part.rpartition(b"/")
    for folder, names, ids, _ in blocks:
        if slash or part in folder:
            found = enumerate(names.split(BETWEEN))
            if part not in folder:
                found = ((number, name) for number, name in found if name.startswith(tail))
        else:
            found = _holding(names, part)
        for number, name in found:
            yield folder + name, ids[number * ID_BYTES : (number + 1) * ID_BYTES]


def _holding(names: bytes, part: bytes) -> Iterator[tuple[int, bytes]]:
    """Numbered; as few steps as there are matches, not names."""
    end = -1
    while (place := names.find(part, end + 1)) >= 0:
        begin, number = names.rfind(BETWEEN, 0, place) + 1, names.count(BETWEEN, 0, place)
        end = names.find(BETWEEN, place)
        yield number, names[begin : end if end >= 0 else None]
        if end < 0:
            break
