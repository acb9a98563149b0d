"""The room's resources as far as sources outside of the house need them, and a job that hears of progress."""

from dataclasses import dataclass, field
from typing import Any, cast

from libs.common.room import Resources
from services.datasets.settings import Settings


def resources(**settings: Any) -> Resources[Settings]:
    """Without bus, database and store: whoever reaches for one of them fails."""
    nothing = cast(Any, None)
    return Resources("datasets", Settings(**settings), bus=nothing, database=nothing, storage=nothing)


@dataclass
class Told:
    fractions: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    async def __call__(self, fraction: float, message: str) -> None:
        self.fractions.append(fraction)
        self.messages.append(message)
