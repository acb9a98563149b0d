"""Letters for tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from libs.common.contracts.channels import Severity
from libs.common.ids import new_id
from services.notifier.letters import Letter

PROJECT = UUID("01990000-0000-7000-8000-0000000000aa")


def letter(**changes: Any) -> Letter:
    fields: dict[str, Any] = {
        "id": new_id(),
        "fact_id": new_id(),
        "fact_type": "run.failed",
        "project_id": PROJECT,
        "occurred_at": datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        "severity": Severity.ERROR,
        "title": "Run “night” failed",
        "text": "The device is full (out_of_memory)",
        "link": "http://console.example/run?id=1",
        "lines": ("epoch 3", "out of memory"),
        "data": {"code": "out_of_memory"},
    }
    return Letter(**fields | changes)
