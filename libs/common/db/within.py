"""Lists limited to the projects that whoever asks may see."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, SQLColumnExpression, Uuid, func, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute

Within = Collection[UUID] | None
Row = TypeVar("Row", bound=tuple[Any, ...])


def is_within(project_id: InstrumentedAttribute[Any], within: Within) -> list[ColumnElement[bool]]:
    """No condition where everything may be seen; what is of no project is of none of these either."""
    return [] if within is None else [project_id.in_(within)]


def first_rows(
    statement: Select[*tuple[Any, ...]],
    place: Sequence[SQLColumnExpression[Any]],
    limit: int,
    within: Within,
    *project_ids: InstrumentedAttribute[Any],
    is_falling: bool = False,
) -> Select[*tuple[Any, ...]]:
    """In the order of `place`, whose last column is the key; `project_ids` are the columns that tell whose.

    Of each project the first ones are taken by themselves, from an index of it in this order. Told only
    that projects are some of many, PostgreSQL looks through the whole table for those of an old project.
    """
    if within is None:
        return _ordered(statement, place, limit, is_falling)
    given = literal(sorted(within), ARRAY(Uuid()))
    asked = func.unnest(given).table_valued("id").render_derived(name="asked")
    named = [column.label(f"place_{number}") for number, column in enumerate(place)]
    of_one = statement.with_only_columns(*named, maintain_column_froms=True)
    of_one = of_one.where(*(column == asked.c.id for column in project_ids)).correlate(asked)
    each = _ordered(of_one, place, limit, is_falling).lateral("each")
    places = list(each.c)
    keys = _ordered(select(places[-1]).select_from(asked.join(each, true())), places, limit, is_falling)
    return _ordered(statement.where(place[-1].in_(keys)), place, limit, is_falling)


def _ordered(
    statement: Select[*tuple[Any, ...]],
    place: Sequence[SQLColumnExpression[Any]],
    limit: int,
    is_falling: bool,
) -> Select[*tuple[Any, ...]]:
    order = [column.desc() if is_falling else column.asc() for column in place]
    return statement.order_by(*order).limit(limit)
