"""Server-sent events: one run's telemetry, and the facts that the caller may see."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from sse_starlette import EventSourceResponse, ServerSentEvent

from libs.common.bus.streams import FACTS, TELEMETRY
from libs.common.contracts.access import Caller
from libs.common.contracts.base import FactEnvelope
from libs.common.contracts.runs import GetRun
from libs.common.contracts.telemetry import TelemetryBatch
from services.gateway.access import READ, authenticate
from services.gateway.doors import Doors, House
from services.gateway.live import LiveEvent

router = APIRouter(prefix="/v1", tags=["live"])
PING_SECONDS = 12
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
async def follow_facts(house: House, last_event_id: LastEventId = None) -> EventSourceResponse:
    """Every public fact as it happens: `event` is its type, `data` its envelope."""
    house.bus.require_connection()
    return EventSourceResponse(_facts(house, last_event_id), ping=PING_SECONDS)


@router.get(
    "/runs/{run_id}/stream",
    dependencies=[READ, ONE_STREAM],
    response_class=EventSourceResponse,
    responses={200: EVENTS},
)
async def follow_run(run_id: UUID, house: House, last_event_id: LastEventId = None) -> EventSourceResponse:
    """`metrics`, `log` and `progress` as they are measured, `ended` when the run is over."""
    await house.ask(GetRun(run_id=run_id))
    return EventSourceResponse(_telemetry(house, run_id, last_event_id), ping=PING_SECONDS)


async def _facts(house: Doors, last_id: str | None) -> AsyncGenerator[ServerSentEvent]:
    async with aclosing(house.feed.follow(FACTS, "facts.>", last_id)) as events:
        async for event in events:
            match event.kind:
                case "reset":
                    yield RESET
                case "message":
                    envelope = FactEnvelope.model_validate_json(event.data)
                    yield ServerSentEvent(id=event.id, event=envelope.type, data=event.data.decode())


async def _telemetry(house: Doors, run_id: UUID, last_id: str | None) -> AsyncGenerator[ServerSentEvent]:
    ends = tuple(f"facts.run.{past}.{run_id}" for past in ("completed", "failed", "cancelled"))
    async with aclosing(house.feed.follow(TELEMETRY, f"telemetry.{run_id}.>", last_id, ends)) as events:
        async for event in events:
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
