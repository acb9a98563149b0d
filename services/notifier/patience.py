"""When a delivery that did not arrive is tried again."""

import random
from dataclasses import dataclass
from datetime import timedelta

FIRST_SECONDS = 10.0
FACTOR = 4.0
MOST_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class Patience:
    """Each wait is four times the one before, less up to half by chance: what fell together does not come
    together again. With eight tries the last is 5 to 10 hours after the first: a night is survived."""

    most_attempts: int

    def wait(
        self, attempt: int, asked_seconds: float | None, chance: float | None = None
    ) -> timedelta | None:
        """Until the try after `attempt` (from 1), no sooner than was asked for; None: it was the last."""
        if attempt >= self.most_attempts:
            return None
        longest = min(FIRST_SECONDS * FACTOR ** (attempt - 1), MOST_SECONDS)
        share = random.random() if chance is None else chance  # noqa: S311 — no secret depends on it
        return timedelta(seconds=max(longest * (0.5 + share / 2), asked_seconds or 0.0))
