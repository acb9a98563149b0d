"""Lists that pages of samples are read from, each along an index of its own: which one, and in what order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import md5
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
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

    def in_order(self, value: Column, id: Column) -> list[Column]:
        """Ids make the order of equal values certain."""
        columns = [id] if self.order == "created" else [value, id]
        return [column.desc() for column in columns] if self.is_descending else columns

    def is_behind(self, position: Position, value: Column, id: Column) -> ColumnElement[bool]:
        last_id = literal(position[0], Uuid())
        if self.order == "created":
            return id < last_id if self.is_descending else id > last_id
        kind = BigInteger() if self.order == "size" else NAME
        here, there = tuple_(value, id), tuple_(literal(position[1], kind), last_id)
        return here < there if self.is_descending else here > there

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")


@dataclass(frozen=True)
class SampleList:
    """`lives` are the ways in which a row is in the version: no index can be followed for both at once."""

    source: FromClause
    id: Column
    since: Column
    subset: Column
    name: Column
    size_bytes: Column
    within: Sequence[ColumnElement[bool]]
    lives: Sequence[ColumnElement[bool]]

    def page(self, wanted: Wanted, limit: int) -> Select[*tuple[Any, ...]]:
        """Ids, first versions, subsets in the wanted split and names, in order."""
        parts = [self._part(wanted, life).limit(limit) for life in self.lives]
        if len(parts) == 1:
            return parts[0]
        every = union_all(*(select(part.subquery()) for part in parts)).subquery()
        return select(every).order_by(*wanted.in_order(every.c.value, every.c.id)).limit(limit)

    def _part(self, wanted: Wanted, life: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        value = {"name": self.name, "size": self.size_bytes, "created": self.id}[wanted.order]
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
        if wanted.after is not None:
            statement = statement.where(wanted.is_behind(wanted.after, value, self.id))
        return statement.order_by(*wanted.in_order(value, self.id))


def of_samples(wanted: Wanted) -> SampleList:
    """All of the dataset, or those of one subset that the import named."""
    return _versioned(SampleRow, wanted, SampleRow.dataset_id == wanted.dataset_id)


def of_label(wanted: Wanted, label: str) -> SampleList:
    row = SampleLabelRow
    return _versioned(row, wanted, row.dataset_id == wanted.dataset_id, row.label == digest(label))


def of_subset(wanted: Wanted) -> SampleList:
    """One subset of a split; the label is looked up in the sample itself."""
    row, by = AssignmentRow, wanted.filter
    within = [row.split_id == by.split_id, row.subset == by.subset, SampleRow.dataset_id == wanted.dataset_id]
    if by.label is not None:
        within.append(SampleRow.labels.contains([by.label]))
    return SampleList(
        row.__table__.join(SampleRow.__table__, SampleRow.id == row.sample_id),
        row.sample_id,
        SampleRow.since,
        row.subset,
        row.name,
        row.size_bytes,
        within,
        [in_version(wanted.version)],
    )


def of_matches(wanted: Wanted, ids: Sequence[UUID], edge: Any) -> SampleList:
    """Of these samples, those before `edge` in the wanted order."""
    row, by = SampleRow, wanted.filter
    within = [row.dataset_id == wanted.dataset_id, row.id == any_(literal(ids, ARRAY(Uuid())))]
    if by.label is not None:
        within.append(row.labels.contains([by.label]))
    if by.text:
        within.append(func.strpos(row.name, by.text) > 0)
    if edge is not None:
        column = row.id if wanted.order == "created" else row.name
        within.append(column > edge if wanted.is_descending else column < edge)
    return replace(_versioned(row, wanted, *within), lives=[in_version(wanted.version)])


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


def _lives(row: type[SampleRow] | type[SampleLabelRow], wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.is_newest:
        return [row.until.is_(None)]
    began = row.since <= wanted.version
    return [and_(began, row.until.is_(None)), and_(began, row.until > wanted.version)]
