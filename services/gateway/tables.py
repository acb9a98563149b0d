"""Tables as CSV files for people, written as they are read."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from starlette.responses import StreamingResponse

# What a spreadsheet takes for a formula when a cell begins with it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_response(filename: str, rows: AsyncIterator[Sequence[object]]) -> StreamingResponse:
    """`filename` is ours, never a user's."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(_lines(rows), media_type="text/csv; charset=utf-8", headers=headers)


async def _lines(rows: AsyncIterator[Sequence[object]]) -> AsyncIterator[str]:
    async for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([_harmless(cell) for cell in row])
        yield line.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
