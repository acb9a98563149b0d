"""What is to be told: a fact in words, with where and when it happened."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from libs.common.contracts.base import Fact, now
from libs.common.contracts.channels import Severity
from libs.common.ids import new_id
from services.notifier.messages import message
from services.notifier.places import place

TEST = "channel.test"


@dataclass(frozen=True)
class Notice:
    """`link` is a place in the console, `lines` what was said last, `data` the fact itself."""

    fact_id: UUID
    fact_type: str
    project_id: UUID | None
    occurred_at: datetime
    severity: Severity
    title: str
    text: str
    link: str
    lines: list[str]
    data: dict[str, Any]

    @classmethod
    def of(cls, fact_id: UUID, fact: Fact) -> "Notice":
        words = message(fact)
        return cls(
            fact_id=fact_id,
            fact_type=fact.type_name(),
            project_id=fact.project_id,
            occurred_at=_time_of(fact_id),
            severity=words.severity,
            title=words.title,
            text=words.text,
            link=place(fact),
            lines=list(words.lines),
            data=fact.model_dump(mode="json"),
        )

    @classmethod
    def to_try(cls, channel_name: str, project_id: UUID | None) -> "Notice":
        return cls(
            fact_id=new_id(),
            fact_type=TEST,
            project_id=project_id,
            occurred_at=now(),
            severity=Severity.INFO,
            title=f"A test of the channel “{channel_name}”",
            text="Whoever reads this is told of what happens in Modelyard.",
            link="",
            lines=[],
            data={},
        )


def _time_of(fact_id: UUID) -> datetime:
    """A fact gets its id (UUIDv7: milliseconds first) in the transaction that announces it."""
    return datetime.fromtimestamp((fact_id.int >> 80) / 1000, UTC)
