"""Energy: power summed up over time, and the processors' own counters where they may be read."""

from dataclasses import dataclass, field
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


@dataclass
class PowerSum:
    """Joules since the first reading, by the trapezoids between readings."""

    joules: float = 0.0
    _last: tuple[float, float] | None = None

    def add(self, watts: float, at: float) -> float:
        """`at` in seconds of a clock that never goes back."""
        if self._last is not None:
            last_watts, last_at = self._last
            self.joules += (watts + last_watts) / 2 * (at - last_at)
        self._last = (watts, at)
        return self.joules


@dataclass
class _Counter:
    """One processor package; counts up to `limit` and then from zero again."""

    path: Path
    limit: int
    last: int
    microjoules: int = 0

    def read(self) -> int:
        value = int(self.path.read_text())
        self.microjoules += value - self.last if value >= self.last else self.limit - self.last + value
        self.last = value
        return self.microjoules


@dataclass
class CpuEnergy:
    """Of all processor packages (RAPL), since the first look; None where there are no readable counters.

    Memory and graphics have zones of their own, and `psys` counts everything once more: packages only.
    """

    root: Path = POWERCAP
    _counters: list[_Counter] = field(default_factory=list)
    _joules: float = 0.0
    _last: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        self._counters = [
            counter for zone in sorted(self.root.glob("*-rapl:*")) if (counter := _opened(zone))
        ]

    def joules(self) -> float | None:
        try:
            return sum(counter.read() for counter in self._counters) / 1e6 if self._counters else None
        except (OSError, ValueError):
            # Rights may be taken away while we run; half of the packages would be a wrong figure.
            self._counters = []
            return None

    def watts(self, joules: float | None, at: float) -> float | None:
        """The mean since the last call."""
        last, self._last = self._last, None if joules is None else (joules, at)
        if last is None or joules is None or at <= last[1]:
            return None
        return (joules - last[0]) / (at - last[1])


def _opened(zone: Path) -> _Counter | None:
    """On most systems only root may read them."""
    try:
        if not (zone / "name").read_text().startswith("package-"):
            return None
        path = zone / "energy_uj"
        return _Counter(path, int((zone / "max_energy_range_uj").read_text()), int(path.read_text()))
    except (OSError, ValueError):
        return None
