"""Server-sent events: one run's telemetry, and the facts that the caller may see."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from libs.common.bus.streams import FACTS, TELEMETRY
from libs.common.contracts.access import Caller
from libs.common.contracts.base import FactEnvelope
from libs.common.contracts.runs import GetRun
from libs.common.contracts.telemetry import TelemetryBatch
from libs.common.errors import Forbidden, NotFound, Unauthorized
from services.gateway.access import READ, admitted, authenticate
from services.gateway.doors import Doors, House
from services.gateway.live import LiveEvent
from services.gateway.seeing import is_seen

router = APIRouter(prefix="/v1", tags=["live"])
PING_SECONDS = 12
# What these facts are about is no project's.
OF_THE_HOUSE = frozenset({"alert"})
RESET = ServerSentEvent(event="reset", data="{}")
ENDED = ServerSentEvent(event="ended", data="{}")
EVENTS = {
    "description": "Server-sent events",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


async def hold_one_stream(
    house: House, caller: Annotated[Caller, Depends(authenticate)]
) -> AsyncIterator[None]:
    """From before its answer begins until after it ended."""
    with house.feed.streams.held_by(caller):
        yield


ONE_STREAM = Depends(hold_one_stream)
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)]


@router.get(
    "/events", dependencies=[READ, ONE_STREAM], response_class=EventSourceResponse, responses={200: EVENTS}
)
async def follow_facts(
    request: Request, house: House, last_event_id: LastEventId = None
) -> EventSourceResponse:
    """Public facts of the caller's projects and of the house as they happen: `event` is the type, `data` the
    envelope. Ends at once when the caller may not read any more."""
    house.bus.require_connection()
    return EventSourceResponse(_facts(request, house, last_event_id), ping=PING_SECONDS)


@router.get(
    "/runs/{run_id}/stream",
    dependencies=[READ, ONE_STREAM],
    response_class=EventSourceResponse,
    responses={200: EVENTS},
)
async def follow_run(
    run_id: UUID, request: Request, house: House, last_event_id: LastEventId = None
) -> EventSourceResponse:
    """`metrics`, `log` and `progress` as they are measured, `ended` when the run is over."""
    await house.ask(GetRun(run_id=run_id))
    events = _telemetry(request, house, run_id, last_event_id)
    return EventSourceResponse(events, ping=PING_SECONDS)


async def _facts(request: Request, house: Doors, last_id: str | None) -> AsyncGenerator[ServerSentEvent]:
    async with aclosing(house.feed.follow(FACTS, "facts.>", last_id)) as events:
        async for event in events:
            caller = await _still_admitted(request)
            if caller is None:
                return
            match event.kind:
                case "reset":
                    yield RESET
                case "message":
                    envelope = FactEnvelope.model_validate_json(event.data)
                    if _may_hear(caller, envelope):
                        yield ServerSentEvent(id=event.id, event=envelope.type, data=event.data.decode())


def _may_hear(caller: Caller, envelope: FactEnvelope) -> bool:
    """Of machines everybody; of other things without a project who sees all."""
    return envelope.type.partition(".")[0] in OF_THE_HOUSE or is_seen(caller, envelope.project_id)


async def _still_admitted(request: Request) -> Caller | None:
    """Asked with every event and whenever people change; remembered as for every request."""
    try:
        return await admitted(request)
    except (Unauthorized, Forbidden, NotFound):
        return None


async def _telemetry(
    request: Request, house: Doors, run_id: UUID, last_id: str | None
) -> AsyncGenerator[ServerSentEvent]:
    ends = tuple(f"facts.run.{past}.{run_id}" for past in ("completed", "failed", "cancelled"))
    async with aclosing(house.feed.follow(TELEMETRY, f"telemetry.{run_id}.>", last_id, ends)) as events:
        async for event in events:
            if await _still_admitted(request) is None:
                return
            if event.kind == "reset":
                yield RESET
            elif event.subject in ends or (event.kind == "open" and await _is_over(house, run_id)):
                yield ENDED
                return
            elif event.kind == "message":
                for each in _parts(event):
                    yield each


async def _is_over(house: Doors, run_id: UUID) -> bool:
    return (await house.ask(GetRun(run_id=run_id))).state.is_final


def _parts(event: LiveEvent) -> list[ServerSentEvent]:
    """One batch as up to three events; only the last carries the id, so none is lost on a reconnect."""
    batch = TelemetryBatch.model_validate_json(event.data)
    parts: list[tuple[str, object]] = []
    if batch.points:
        parts.append(("metrics", [point.model_dump(mode="json") for point in batch.points]))
    if batch.logs:
        parts.append(("log", [line.model_dump(mode="json") for line in batch.logs]))
    if batch.progress is not None:
        parts.append(("progress", batch.progress.model_dump(mode="json")))
    found = [ServerSentEvent(event=name, data=json.dumps(value)) for name, value in parts]
    if found:
        found[-1].id = event.id
    return found
