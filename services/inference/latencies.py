"""Latencies by bucket: added up over minutes, versions and instances, and read as percentiles."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

# Upper bounds in milliseconds, each a third to a half above the one before; what is longer comes last.
BOUNDS_MS = tuple(
    float(start * 2**doubling)
    for doubling in range(-1, 15)
    for start in (1, 1.5)
    if start * 2**doubling <= 32768
)
NUM_BUCKETS = len(BOUNDS_MS) + 1


def bucket_of(latency_ms: float) -> int:
    return bisect_left(BOUNDS_MS, latency_ms)


def added(several: Iterable[Sequence[int]]) -> list[int]:
    total = [0] * NUM_BUCKETS
    for buckets in several:
        for place, count in enumerate(buckets):
            total[place] += count
    return total


def percentile_ms(buckets: Sequence[int], share: float) -> float | None:
    """Between a bucket's bounds as if its answers lay evenly in it; None where nothing was answered."""
    wanted = sum(buckets) * share
    if not wanted:
        return None
    below = 0
    for place, count in enumerate(buckets[:-1]):
        if below + count >= wanted:
            start = BOUNDS_MS[place - 1] if place else 0.0
            return start + (BOUNDS_MS[place] - start) * (wanted - below) / count
        below += count
    return BOUNDS_MS[-1]
