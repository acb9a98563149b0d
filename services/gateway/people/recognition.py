"""Callers seen a moment ago: a busy client is not looked up in the database for every request."""

import time
from dataclasses import dataclass, field

from libs.common.contracts.access import Caller

# What another gateway has changed is heard of at once, and after so long where the line is broken.
SECONDS = 3.0
MOST = 10_000


@dataclass
class Recognition:
    """By digest, never by secret. `state` grows with every change of what is known."""

    state: int = 0
    _known: dict[bytes, tuple[float, Caller]] = field(default_factory=dict)

    def get(self, digest: bytes) -> Caller | None:
        until, caller = self._known.get(digest, (0.0, None))
        return caller if until > time.monotonic() else None

    def remember(self, digest: bytes, caller: Caller, state: int) -> None:
        """Unless something has changed since that state, in which the caller was looked up."""
        if state != self.state:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[digest] = (time.monotonic() + SECONDS, caller)

    def forget_all(self) -> None:
        self.state += 1
        self._known.clear()
