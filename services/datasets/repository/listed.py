"""Lists that pages of samples are read from, each along an index of its own: which one, and in what order."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Join,
    Select,
    SQLColumnExpression,
    Uuid,
    and_,
    any_,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from libs.common.contracts.samples import SampleFilter, SampleSort
from services.datasets.models import NAME, AssignmentRow, SampleLabelRow, SampleRow
from services.datasets.repository.samples import in_version

Position = tuple[UUID, Any]
Column = SQLColumnExpression[Any]


@dataclass(frozen=True)
class Wanted:
    """A page of a version; what comes `after` is told by the id and the sort value of the last row seen."""

    dataset_id: UUID
    version: int
    is_newest: bool
    filter: SampleFilter
    sort: SampleSort
    after: Position | None
    limit: int

    @property
    def order(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def value_after(self) -> Any:
        if self.after is None:
            return None
        return self.after[0] if self.order == "created" else self.after[1]

    def in_order(self, value: Column, id: Column) -> list[Column]:
        """Ids make the order of equal values certain."""
        columns = [id] if self.order == "created" else [value, id]
        return [column.desc() for column in columns] if self.is_descending else columns

    def is_behind(self, value: Column, id: Column) -> ColumnElement[bool]:
        assert self.after is not None
        last_id = literal(self.after[0], Uuid())
        if self.order == "created":
            return id < last_id if self.is_descending else id > last_id
        kind = BigInteger() if self.order == "size" else NAME
        here, there = tuple_(value, id), tuple_(literal(self.after[1], kind), last_id)
        return here < there if self.is_descending else here > there


@dataclass(frozen=True)
class SampleList:
    """`lives` are the ways in which a row is part of it, each of which has an index of its own."""

    source: FromClause
    id: Column
    since: Column
    subset: Column
    name: Column
    size_bytes: Column
    within: Sequence[ColumnElement[bool]]
    lives: Sequence[ColumnElement[bool]]

    @property
    def looks_up(self) -> bool:
        """Whether each sample has to be looked up in another table."""
        return isinstance(self.source, Join)

    def page(self, wanted: Wanted, limit: int) -> Select[*tuple[Any, ...]]:
        """Ids, first versions, subsets in the wanted split and names, in order."""
        value = self._value(wanted)
        parts = [
            self.rows(wanted, life).order_by(*wanted.in_order(value, self.id)).limit(limit)
            for life in self.lives
        ]
        if len(parts) == 1:
            return parts[0]
        every = union_all(*(select(part.subquery()) for part in parts)).subquery()
        return select(every).order_by(*wanted.in_order(every.c.value, every.c.id)).limit(limit)

    def rows(self, wanted: Wanted, life: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        """In no order."""
        value = self._value(wanted)
        statement = (
            select(
                self.id.label("id"),
                self.since.label("since"),
                self.subset.label("subset"),
                self.name.label("name"),
                value.label("value"),
            )
            .select_from(self.source)
            .where(*self.within, life)
        )
        return statement if wanted.after is None else statement.where(wanted.is_behind(value, self.id))

    def _value(self, wanted: Wanted) -> Column:
        return {"name": self.name, "size": self.size_bytes, "created": self.id}[wanted.order]


def of_samples(wanted: Wanted) -> SampleList:
    """All of the dataset, or those of one subset that the import named; a label is looked up in each."""
    return _versioned(SampleRow, wanted, SampleRow.dataset_id == wanted.dataset_id, *_labelled(wanted))


def of_label(wanted: Wanted, label: str) -> SampleList:
    row = SampleLabelRow
    return _versioned(row, wanted, row.dataset_id == wanted.dataset_id, row.label == digest(label))


def of_split(wanted: Wanted, subsets: Sequence[str]) -> SampleList:
    """These subsets of a split, one index after the other; a label is looked up in the sample itself."""
    row, sample = AssignmentRow, SampleRow
    within = [row.split_id == wanted.filter.split_id, sample.dataset_id == wanted.dataset_id]
    return SampleList(
        row.__table__.join(sample.__table__, sample.id == row.sample_id),
        row.sample_id,
        sample.since,
        row.subset,
        row.name,
        row.size_bytes,
        [*within, *_labelled(wanted), in_version(wanted.version)],
        [row.subset == subset for subset in subsets],
    )


def of_matches(wanted: Wanted, ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """A page of these samples: they are found by their ids first, however many others there are."""
    row = SampleRow
    listed = _versioned(row, wanted, row.id == any_(literal(ids, ARRAY(Uuid()))), *_labelled(wanted))
    has_part = func.strpos(row.name, wanted.filter.text) > 0
    here = and_(row.dataset_id == wanted.dataset_id, in_version(wanted.version), has_part)
    found = listed.rows(wanted, here).cte("found").prefix_with("MATERIALIZED")
    return select(found).order_by(*wanted.in_order(found.c.value, found.c.id)).limit(wanted.limit)


def sort_value(row: SampleRow, sort: SampleSort) -> str | int | UUID:
    """What a cursor says beside the id."""
    match sort.removeprefix("-"):
        case "size":
            return row.size_bytes
        case "created":
            return row.id
        case _:
            return row.name


def digest(label: str) -> UUID:
    """What PostgreSQL makes of `md5(label)::uuid`."""
    return UUID(md5(label.encode(), usedforsecurity=False).hexdigest())


def _versioned(
    row: type[SampleRow] | type[SampleLabelRow], wanted: Wanted, *within: ColumnElement[bool]
) -> SampleList:
    by = wanted.filter
    source: FromClause = row.__table__
    conditions, subset, shown = list(within), row.subset, null()
    if by.split_id is not None:
        assigned = and_(AssignmentRow.sample_id == row.id, AssignmentRow.split_id == by.split_id)
        source = source.join(AssignmentRow.__table__, assigned)
        subset = shown = AssignmentRow.subset
    if by.subset is not None:
        conditions.append(subset == by.subset)
    return SampleList(
        source, row.id, row.since, shown, row.name, row.size_bytes, conditions, _lives(row, wanted)
    )


def _labelled(wanted: Wanted) -> list[ColumnElement[bool]]:
    label = wanted.filter.label
    return [] if label is None else [SampleRow.labels.contains([label])]


def _lives(row: type[SampleRow] | type[SampleLabelRow], wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.is_newest:
        return [row.until.is_(None)]
    began = row.since <= wanted.version
    return [and_(began, row.until.is_(None)), and_(began, row.until > wanted.version)]
