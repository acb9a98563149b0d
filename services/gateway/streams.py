"""How many streams a caller holds open at once: each costs a queue and a task for as long as it lasts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from libs.common.contracts.access import Caller
from services.gateway.errors import TooManyStreams

# A tab of a browser holds one or two; who needs more of them has forgotten to close some.
MOST_OF_ONE_CALLER = 50


class Streams:
    def __init__(self, most: int = MOST_OF_ONE_CALLER) -> None:
        self._most = most
        self._open: Counter[object] = Counter()

    @contextmanager
    def held_by(self, caller: Caller) -> Iterator[None]:
        """Raises TooManyStreams."""
        who = caller.user_id or caller.token_id or caller.name
        if self._open[who] >= self._most:
            raise TooManyStreams(f"{self._most} streams are open for {caller.name}: close some of them")
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]
