"""What a kind of channel is given: the words, and where to take them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common.contracts.channels import ChannelKind, Severity
from services.notifier.models import ChannelRow, DeliveryRow
from services.notifier.seal import Seal


@dataclass(frozen=True)
class Target:
    """Opened only where something is sent there: `url` and `secret` raise SealIsForeign."""

    kind: ChannelKind
    sealed_url: str
    sealed_secret: str
    recipients: tuple[str, ...]
    seal: Seal

    @classmethod
    def of(cls, row: ChannelRow, seal: Seal) -> "Target":
        return cls(ChannelKind(row.kind), row.url or "", row.secret or "", tuple(row.recipients), seal)

    @property
    def url(self) -> str:
        return self.seal.open(self.sealed_url)

    @property
    def secret(self) -> str:
        return self.seal.open(self.sealed_secret)


@dataclass(frozen=True)
class Letter:
    """Of one delivery; every try sends the same `id`. Titles are of one line, whatever things are called."""

    id: UUID
    fact_id: UUID
    fact_type: str
    project_id: UUID | None
    occurred_at: datetime
    severity: Severity
    title: str
    text: str
    link: str
    lines: tuple[str, ...]
    data: dict[str, Any]

    @classmethod
    def of(cls, row: DeliveryRow, console_origin: str) -> "Letter":
        return cls(
            id=row.id,
            fact_id=row.fact_id,
            fact_type=row.fact_type,
            project_id=row.project_id,
            occurred_at=row.occurred_at,
            severity=Severity(row.severity),
            title=" ".join(row.title.split()),
            text=row.text,
            link=f"{console_origin.rstrip('/')}/{row.link}",
            lines=tuple(row.lines),
            data=row.data,
        )

    def last_lines(self, most: int) -> str:
        """The end of what was said last, in at most so many characters; empty if nothing was."""
        return "\n".join(self.lines)[-most:].strip("\n")
