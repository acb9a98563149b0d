"""What was told through which channel, and what became of it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from libs.common.contracts.channels import Delivery, DeliveryState, Severity

STATES = {
    DeliveryState.PENDING: "⏳ waits",
    DeliveryState.SENT: "✓ sent",
    DeliveryState.FAILED: "✗ failed",
}
SEVERITIES = {Severity.INFO: "info", Severity.WARNING: "⚠ warning", Severity.ERROR: "✗ error"}


def delivery_rows(
    found: Iterable[Delivery], channels: Mapping[UUID, str], projects: Mapping[UUID, str]
) -> Iterable[dict[str, Any]]:
    for each in found:
        yield {
            "When": each.created_at,
            "State": STATES[each.state],
            "Channel": channels.get(each.channel_id, ""),
            "What": each.title,
            "Error": each.error or "",
            "Severity": SEVERITIES[each.severity],
            "Text": each.text,
            "Attempts": each.attempts,
            "Next attempt": each.next_attempt_at if each.state is DeliveryState.PENDING else None,
            "Project": projects.get(each.project_id, "") if each.project_id else "",
        }
