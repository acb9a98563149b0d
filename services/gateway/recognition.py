"""Callers seen a moment ago: a busy client is not looked up in the database for every request."""

import time
from dataclasses import dataclass, field

from libs.common.contracts.access import Caller

# A token that another gateway process has deleted works here for so long.
SECONDS = 3.0
MOST = 10_000


@dataclass
class Recognition:
    """By digest, never by secret."""

    _known: dict[bytes, tuple[float, Caller]] = field(default_factory=dict)

    def get(self, digest: bytes) -> Caller | None:
        until, caller = self._known.get(digest, (0.0, None))
        return caller if until > time.monotonic() else None

    def remember(self, digest: bytes, caller: Caller) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[digest] = (time.monotonic() + SECONDS, caller)

    def forget_all(self) -> None:
        self._known.clear()
