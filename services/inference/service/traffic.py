"""What was asked of each version: stored as it was counted, read as sums and percentiles."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentTraffic, TrafficMinute, VersionTraffic
from services.inference.latencies import added, percentile_ms
from services.inference.models import TrafficRow
from services.inference.repository import Repository
from services.inference.service.finding import find
from services.inference.traffic import Counts, Minute

# A day can be asked for; an hour more does no harm.
KEPT = timedelta(hours=25)


class TrafficHistory:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def store(self, instance: UUID, changed: Mapping[Minute, Counts]) -> None:
        """Of deployments that are still there."""
        names = await self._repository.traffic.existing({minute.deployment for minute in changed})
        rows = [
            {
                "deployment": minute.deployment,
                "at": minute.at,
                "model": minute.model,
                "version": minute.version,
                "instance": instance,
                "num_requests": counts.num_requests,
                "num_images": counts.num_images,
                "errors": dict(counts.errors),
                "buckets": counts.buckets,
            }
            for minute, counts in changed.items()
            if minute.deployment in names
        ]
        if rows:
            await self._repository.traffic.store(rows)

    async def forget_old(self) -> None:
        await self._repository.traffic.forget_before(now() - KEPT)

    async def of(self, name: str, minutes: int) -> DeploymentTraffic:
        """The last `minutes`, the present one among them."""
        await find(self._repository, name)
        present = now().replace(second=0, microsecond=0)
        rows = await self._repository.traffic.since(name, present - timedelta(minutes=minutes - 1))
        errors = Counter[str]()
        for row in rows:
            errors.update(row.errors)
        asked = [row for row in rows if row.version]
        return DeploymentTraffic(
            name=name,
            minutes=minutes,
            versions=tuple(_version_traffic(*each) for each in _by_version(asked)),
            series=tuple(_minute(*each) for each in _by_minute(asked)),
            errors=dict(sorted(errors.items())),
        )


def _by_version(rows: Iterable[TrafficRow]) -> list[tuple[str, int, Sequence[TrafficRow]]]:
    """Who was asked last comes first."""
    found: defaultdict[tuple[str, int], list[TrafficRow]] = defaultdict(list)
    for row in rows:
        found[row.model, row.version].append(row)
    newest_first = sorted(found.items(), key=lambda each: (each[1][-1].at, each[0]), reverse=True)
    return [(model, version, of_one) for (model, version), of_one in newest_first]


def _by_minute(rows: Iterable[TrafficRow]) -> list[tuple[datetime, str, int, Sequence[TrafficRow]]]:
    found: defaultdict[tuple[datetime, str, int], list[TrafficRow]] = defaultdict(list)
    for row in rows:
        found[row.at, row.model, row.version].append(row)
    return [(*key, found[key]) for key in sorted(found)]


def _version_traffic(model: str, version: int, rows: Sequence[TrafficRow]) -> VersionTraffic:
    buckets = added(row.buckets for row in rows)
    return VersionTraffic(
        model=model,
        version=version,
        num_requests=sum(row.num_requests for row in rows),
        num_images=sum(row.num_images for row in rows),
        num_errors=_num_errors(rows),
        p50_ms=percentile_ms(buckets, 0.5),
        p95_ms=percentile_ms(buckets, 0.95),
        p99_ms=percentile_ms(buckets, 0.99),
    )


def _minute(at: datetime, model: str, version: int, rows: Sequence[TrafficRow]) -> TrafficMinute:
    buckets = added(row.buckets for row in rows)
    return TrafficMinute(
        at=at,
        model=model,
        version=version,
        num_requests=sum(row.num_requests for row in rows),
        num_errors=_num_errors(rows),
        p50_ms=percentile_ms(buckets, 0.5),
        p95_ms=percentile_ms(buckets, 0.95),
    )


def _num_errors(rows: Iterable[TrafficRow]) -> int:
    return sum(sum(row.errors.values()) for row in rows)
