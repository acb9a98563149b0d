"""What a run has said, over HTTP: page by page, the last lines, or all of it as text."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from libs.common.contracts.base import PageQuery
from libs.common.contracts.measurements import LogPage, ReadLogs
from libs.common.contracts.telemetry import Level, LogLine
from services.gateway.access import READ
from services.gateway.doors import Doors, House

router = APIRouter(prefix="/v1", tags=["runs"])
PAGE = PageQuery(limit=200)
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/runs/{run_id}/logs", dependencies=[READ])
async def get_logs(
    run_id: UUID,
    house: House,
    level: Level = "debug",
    tail: Annotated[int | None, Query(ge=1, le=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> LogPage:
    """Oldest first, or the last `tail` lines; `level` leaves out what is less serious. Who asks again with
    `seen` as the cursor gets what was said since."""
    query = PageQuery(limit=limit, cursor=cursor)
    return await house.ask(ReadLogs(run_id=run_id, level=level, tail=tail, query=query))


@router.get("/runs/{run_id}/logs/text", dependencies=[READ], response_class=StreamingResponse, responses=TEXT)
async def download_logs(run_id: UUID, house: House, level: Level = "debug") -> StreamingResponse:
    """All lines of all attempts, as a text file."""
    first = await house.ask(ReadLogs(run_id=run_id, level=level, query=PAGE))
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.log"'}
    body = _text(house, run_id, level, first)
    return StreamingResponse(body, headers=headers, media_type="text/plain; charset=utf-8")


async def _text(house: Doors, run_id: UUID, level: Level, page: LogPage) -> AsyncIterator[str]:
    while True:
        yield "".join(map(_line, page.items))
        if page.next_cursor is None:
            return
        query = PageQuery(limit=PAGE.limit, cursor=page.next_cursor)
        page = await house.ask(ReadLogs(run_id=run_id, level=level, query=query))


def _line(line: LogLine) -> str:
    return f"{line.at.isoformat(timespec='milliseconds')} {line.level:<7} {line.text}\n"
