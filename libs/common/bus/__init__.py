"""NATS for rooms: typed requests, facts that take effect once, telemetry without a gap.

A room passes `open_unit() -> AsyncContextManager[Unit]`; a Unit has `.service`, and `.first_time(consumer,
fact_id)` that marks a fact as dealt with in the same transaction.
"""

from libs.common.bus.client import Bus, Heard
from libs.common.bus.context import RequestContext, bind_context, current_context
from libs.common.bus.events import EventDoor, consume
from libs.common.bus.requests import RequestDoor, serve
from libs.common.bus.streams import ensure_streams
from libs.common.bus.telemetry import TelemetryPublisher, follow_telemetry, telemetry_epoch

__all__ = [
    "Bus",
    "EventDoor",
    "Heard",
    "RequestContext",
    "RequestDoor",
    "TelemetryPublisher",
    "bind_context",
    "consume",
    "current_context",
    "ensure_streams",
    "follow_telemetry",
    "serve",
    "telemetry_epoch",
]
