"""What was asked of each version, counted by the minute in memory; PostgreSQL gets it every few seconds."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from libs.common.contracts.base import now
from libs.common.contracts.models import ModelVersion
from libs.common.ids import new_id
from services.inference import metrics
from services.inference.latencies import NUM_BUCKETS, bucket_of
from services.inference.metrics import Series

# So long a minute is remembered: a clock that is set back goes on counting where it was.
MEMORY = timedelta(hours=1)


@dataclass(frozen=True)
class Minute:
    """Whose minute; where nothing is loaded that could have answered, without model and with version 0."""

    deployment: str
    model: str
    version: int
    at: datetime


@dataclass
class Counts:
    num_requests: int = 0
    num_images: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * NUM_BUCKETS)


class Traffic:
    """Of this instance. What is stored replaces what it stored before of the same minute: storing twice
    counts nothing twice."""

    def __init__(self) -> None:
        self.instance = new_id()
        self._series = Series()
        self._minutes: dict[Minute, Counts] = {}
        self._changed: set[Minute] = set()

    @contextmanager
    def in_flight(self, name: str) -> Iterator[None]:
        gauge = metrics.IN_FLIGHT.labels(self._series.of_deployment(name))
        with gauge.track_inprogress():
            yield

    def answered(self, name: str, version: ModelVersion, num_images: int, seconds: float) -> None:
        counts = self._now(name, version)
        counts.num_requests += 1
        counts.num_images += num_images
        counts.buckets[bucket_of(seconds * 1000)] += 1
        labels = self._series.of_version(name, version)
        metrics.PREDICTIONS.labels(*labels).inc()
        metrics.IMAGES.labels(*labels).inc(num_images)
        metrics.SECONDS.labels(*labels).observe(seconds)

    def failed(self, name: str, version: ModelVersion | None, code: str) -> None:
        """`version` is None where none was there to ask."""
        counts = self._now(name, version)
        counts.num_requests += 1
        counts.errors[code] += 1
        labels = (
            self._series.of_version(name, version) if version else (self._series.of_deployment(name), "", "")
        )
        metrics.ERRORS.labels(*labels, code).inc()

    def show(self, name: str, *, is_ready: bool, is_failed: bool, canary_percent: int) -> None:
        self._series.of_deployment(name)
        metrics.READY.labels(name).set(is_ready)
        metrics.FAILED.labels(name).set(is_failed)
        metrics.CANARY.labels(name).set(canary_percent)

    def forget_all_but(self, names: set[str]) -> None:
        self._series.forget_all_but(names)
        for minute in [each for each in self._minutes if each.deployment not in names]:
            del self._minutes[minute]
        self._changed &= self._minutes.keys()

    def take_changed(self) -> dict[Minute, Counts]:
        """What is to be stored now; `put_back` what could not be."""
        changed = {minute: self._minutes[minute] for minute in self._changed}
        self._changed.clear()
        for minute in [each for each in self._minutes if now() - each.at > MEMORY and each not in changed]:
            del self._minutes[minute]
        return changed

    def put_back(self, changed: dict[Minute, Counts]) -> None:
        self._changed |= changed.keys() & self._minutes.keys()

    def _now(self, name: str, version: ModelVersion | None) -> Counts:
        model, number = (version.model, version.version) if version else ("", 0)
        minute = Minute(name, model, number, now().replace(second=0, microsecond=0))
        self._changed.add(minute)
        return self._minutes.setdefault(minute, Counts())
