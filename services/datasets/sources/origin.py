"""What every kind of source can do: refuse at once, say whether it is there, bring its bytes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from libs.common.room import Resources
from services.datasets.settings import Settings

SourceT = TypeVar("SourceT", contravariant=True)
Progress = Callable[[float, str], Awaitable[None]]


@dataclass(frozen=True)
class Fetched:
    """A file or a folder, and what its owner calls it; the name is for people and never part of a path."""

    path: Path
    filename: str


class Origin(Protocol[SourceT]):
    """One per file of this folder."""

    async def check(self, source: SourceT, settings: Settings) -> None:
        """While the user waits: raises what can be told without asking anybody."""
        ...

    async def is_there(self, source: SourceT, resources: Resources[Settings]) -> bool:
        """False also when it may not be read any more; True where only fetching it would tell.

        Raises SourceUnavailable or StorageUnavailable.
        """
        ...

    async def fetch(
        self, source: SourceT, folder: Path, resources: Resources[Settings], progress: Progress
    ) -> Fetched:
        """Writes below `folder` only. Raises one of the named errors of a source."""
        ...
