"""What a run says, bounded: all of it while that is a log, the beginning, samples and the end of a flood."""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from libs.common.contracts.base import now
from libs.common.contracts.telemetry import Level, LogLine

MAX_LINE_CHARACTERS = 16_000
# So many lines pass as they come, and later ones at this pace: what a person can read is far below both.
NUM_FREE = 20_000
PER_SECOND = 5.0
# Of a flood the newest lines wait; when so many may pass at once, they do.
NUM_HELD = 200
NUM_SAMPLED = 50

Said = tuple[datetime, Level, str]


class Lines:
    """Numbered as they pass, without a gap; in the place of what was left out stands how much that was."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._passed: deque[LogLine] = deque()
        self._held: deque[Said] = deque()
        self._num_passed = 0
        self._num_left_out = 0
        self._allowed = float(NUM_HELD)
        self._allowed_at = clock()

    def __len__(self) -> int:
        """Those that may leave."""
        return len(self._passed)

    def say(self, text: str, level: Level) -> None:
        said = (now(), level, text[:MAX_LINE_CHARACTERS])
        if self._num_passed < NUM_FREE:
            self._pass(said)
            return
        if len(self._held) == NUM_HELD:
            self._held.popleft()
            self._num_left_out += 1
        self._held.append(said)

    def take(self, limit: int) -> tuple[LogLine, ...]:
        self._release()
        found = tuple(islice(self._passed, limit))
        for _ in found:
            self._passed.popleft()
        return found

    def end(self) -> None:
        """The last lines are the ones that tell why: they pass whatever the pace."""
        self._tell_left_out()
        while self._held:
            self._pass(self._held.popleft())

    def _release(self) -> None:
        elapsed = self._clock() - self._allowed_at
        self._allowed = min(float(NUM_HELD), self._allowed + elapsed * PER_SECOND)
        self._allowed_at += elapsed
        if self._num_left_out and self._allowed < NUM_SAMPLED:
            return
        if self._held:
            self._tell_left_out()
        while self._held and self._allowed >= 1:
            self._allowed -= 1
            self._pass(self._held.popleft())

    def _tell_left_out(self) -> None:
        if self._num_left_out:
            self._pass((now(), "warning", f"… {self._num_left_out:,} lines were left out here: too many …"))
        self._num_left_out = 0

    def _pass(self, said: Said) -> None:
        at, level, text = said
        self._passed.append(LogLine(at=at, level=level, text=text, seq=self._num_passed))
        self._num_passed += 1
