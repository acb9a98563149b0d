"""An import report as the rows of a table."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from libs.common.contracts.base import PageQuery
from libs.common.contracts.imports import ImportReport

HEADER = ("file", "row", "level", "outcome", "code", "reason")
PAGE = 200


async def report_rows(
    first: ImportReport, ask: Callable[[PageQuery], Awaitable[ImportReport]]
) -> AsyncIterator[Sequence[object]]:
    """`first` is the first page; the others are asked for as they are written."""
    yield HEADER
    page = first.problems
    while True:
        for each in page.items:
            yield each.path, each.row or "", each.level, each.outcome, each.code, each.message
        if page.next_cursor is None:
            return
        page = (await ask(PageQuery(limit=PAGE, cursor=page.next_cursor))).problems
