"""One process under supervisord, and what is said when its program is not there."""

from dataclasses import dataclass, field
from pathlib import Path


class ToolIsMissing(Exception):
    """A program that the set-up should have brought; the message says what to do."""


@dataclass(frozen=True)
class Program:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path | None = None
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 5
