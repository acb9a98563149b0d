"""Keyset pages: one row more than asked is read, and the last one shown is the cursor of the next page."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from libs.common.contracts.base import Page, PageQuery
from libs.common.errors import BadInput

Key = TypeVar("Key")
Row = TypeVar("Row")
Item = TypeVar("Item")


def after(query: PageQuery, kind: Callable[[str], Key]) -> Key | None:
    """The key of the last row seen, None on the first page; BadInput for a cursor that is not ours."""
    if query.cursor is None:
        return None
    try:
        return kind(query.cursor)
    except ValueError as error:
        raise BadInput("the cursor is not one of ours") from error


def whole_number(text: str) -> int:
    """For keys that PostgreSQL keeps as bigint."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError("out of range")
    return number


def page_of(
    rows: Sequence[Row], query: PageQuery, view: Callable[[Row], Item], key: Callable[[Row], object]
) -> Page[Item]:
    """`rows` holds up to `query.limit + 1` of them."""
    shown = rows[: query.limit]
    has_more = len(rows) > query.limit
    return Page(items=tuple(map(view, shown)), next_cursor=str(key(shown[-1])) if has_more else None)
