"""How fast a training goes: smoothed, so that a slow batch does not throw the time that is left about."""

import math

HORIZON_SECONDS = 30.0


class Pace:
    """Steps per second, of which the last half minute counts most."""

    def __init__(self) -> None:
        self._steps = 0.0
        self._seconds = 0.0

    def moved(self, steps: float, seconds: float) -> None:
        kept = math.exp(-seconds / HORIZON_SECONDS)
        self._steps = self._steps * kept + steps
        self._seconds = self._seconds * kept + seconds

    @property
    def per_second(self) -> float:
        return self._steps / self._seconds if self._seconds else 0.0

    def seconds_for(self, steps: float) -> float | None:
        """None while nothing is known."""
        return steps / self.per_second if self._steps else None
