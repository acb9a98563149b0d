"""What a channel is given to tell: a fact in words, with where and when it happened."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from libs.common.contracts.base import Fact
from libs.common.contracts.channels import Severity
from services.notifier.messages import message


@dataclass(frozen=True)
class Notice:
    fact_id: UUID
    fact_type: str
    project_id: UUID | None
    occurred_at: datetime
    severity: Severity
    title: str
    text: str

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
        )


def _time_of(fact_id: UUID) -> datetime:
    """A fact gets its id (UUIDv7: milliseconds first) in the transaction that announces it."""
    return datetime.fromtimestamp((fact_id.int >> 80) / 1000, UTC)
