"""Points of old runs lie in files, and everything that reads them reads what it read before."""

import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from libs.common.contracts.base import now
from libs.common.contracts.comparisons import CompareRuns
from libs.common.contracts.measurements import ReadLogs, ReadMetrics
from libs.common.contracts.retention import ChangeHistorySettings, HistorySettings
from libs.common.contracts.runs import CancelRun, GetRunSummary, ResumeRun, Run
from libs.common.contracts.telemetry import LogLine, MetricPoint, TelemetryBatch
from libs.common.ids import new_id
from libs.common.room import Resources
from services.trainer.archiving import archive_once
from services.trainer.service import Service
from services.trainer.settings import Settings
from services.trainer.unit import open_service
from tests.house import House
from tests.integration.trainer.desk import Desk

pytestmark = pytest.mark.usefixtures("no_worker")
KEYS = ("train/loss", "val/accuracy", "train/grad_norm")
KEPT_DAYS = 90
OpenService = Callable[[], AbstractAsyncContextManager[Service]]


@pytest.fixture(scope="module")
def resources(house: House) -> Resources[Settings]:
    return Resources("trainer", Settings(), house.bus, house.database, house.storage)


@pytest.fixture(scope="module")
def opened(resources: Resources[Settings]) -> OpenService:
    @asynccontextmanager
    async def unit() -> AsyncIterator[Service]:
        async with resources.database.transaction() as session:
            yield open_service(resources, session)

    return unit


async def _measured(desk: Desk, opened: OpenService, points: list[MetricPoint], *logs: LogLine) -> Run:
    """A run that has ended, and has measured and said this."""
    run = await desk.begin()
    await desk.ask(CancelRun(run_id=run.id))
    await _tell(opened, run, points, *logs)
    return run


async def _tell(opened: OpenService, run: Run, points: list[MetricPoint], *logs: LogLine) -> None:
    """As the room stores what the stream brings; its own place in the stream is left alone."""
    pieces = [tuple(points[first : first + 1000]) for first in range(0, max(1, len(points)), 1000)]
    about = {"run_id": run.id, "attempt": 1}
    batches = [TelemetryBatch(id=new_id(), points=piece, **about) for piece in pieces]
    batches.append(TelemetryBatch(id=new_id(), logs=logs, **about))
    async with opened() as service:
        place = await service.history.place()
        assert await service.history.store(place, place, batches)


async def _age(house: House, *runs: Run, days: int = KEPT_DAYS + 1) -> None:
    async with house.database.transaction() as session:
        await session.execute(
            text("UPDATE trainer.runs SET finished_at = :at WHERE id = ANY (:ids)"),
            {"at": now() - timedelta(days=days), "ids": [run.id for run in runs]},
        )


async def _num_points(house: House, run: Run) -> int:
    count = text("""
        SELECT count(*) FROM trainer.points JOIN trainer.series ON id = series_id WHERE run_id = :run_id
    """)
    async with house.database.transaction() as session:
        return (await session.scalar(count, {"run_id": run.id})) or 0


def _points(key: str, chance: random.Random, num_points: int) -> list[MetricPoint]:
    """Steps with holes, equal values, values that are no numbers, epochs that nobody told."""
    start = now()
    steps = sorted(chance.sample(range(num_points * chance.randint(1, 4)), num_points))
    odd = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0)
    return [
        MetricPoint(
            key=key,
            step=step,
            epoch=chance.choice((None, step // 100)),
            value=chance.choice(odd) if chance.random() < 0.2 else chance.gauss(0, 1),
            at=start + timedelta(microseconds=step),
        )
        for step in steps
    ]


async def _views(desk: Desk, runs: list[Run], chance: random.Random) -> list[str]:
    """All that reads points, as text: what is no number is equal to itself there."""
    found = []
    for run in runs:
        for max_points in (10, 300, 10_000):
            for since in (None, chance.randrange(2000)):
                asked = ReadMetrics(run_id=run.id, since_step=since, max_points=max_points)
                found += [each.model_dump_json() for each in await desk.ask(asked)]
        found.append(
            (await desk.ask(GetRunSummary(run_id=run.id))).model_dump_json(exclude={"duration_seconds"})
        )
    compared = await desk.ask(CompareRuns(runs=tuple(run.id for run in runs), keys=KEYS, max_points=50))
    return [*found, "".join(each.model_dump_json() for each in (*compared.curves, *compared.metrics))]


async def test_whatever_was_measured_reads_the_same_before_and_after(
    desk: Desk, house: House, opened: OpenService, resources: Resources[Settings]
) -> None:
    chance = random.Random(6)
    runs = []
    for number in range(4):
        sizes = [chance.choice((1, 2, 130, 900)) for _ in KEYS] if number else [3000, 3, 40]
        runs.append(
            await _measured(
                desk,
                opened,
                [p for key, n in zip(KEYS, sizes, strict=True) for p in _points(key, chance, n)],
            )
        )
    chances = [random.Random(7) for _ in range(2)]
    before = await _views(desk, runs, chances[0])
    whole = ReadMetrics(run_id=runs[0].id, max_points=10_000)
    measured = await desk.ask(whole)

    await _age(house, *runs)
    assert await archive_once(resources) >= len(runs)

    assert [await _num_points(house, run) for run in runs] == [0] * len(runs)
    assert await _views(desk, runs, chances[1]) == before
    assert await archive_once(resources) == 0
    await desk.ask(ResumeRun(run_id=runs[0].id))
    await desk.ask(CancelRun(run_id=runs[0].id))
    assert await _num_points(house, runs[0]) == 3043
    assert str(await desk.ask(whole)) == str(measured)


async def test_a_run_that_ended_lately_keeps_its_points_where_they_are(
    desk: Desk, house: House, opened: OpenService, resources: Resources[Settings]
) -> None:
    run = await _measured(desk, opened, _points(KEYS[0], random.Random(1), 5))
    await _age(house, run, days=KEPT_DAYS - 1)
    await archive_once(resources)
    assert await _num_points(house, run) == 5


async def test_what_is_told_after_the_archive_was_made_is_read_with_it_and_put_to_it(
    desk: Desk, house: House, opened: OpenService, resources: Resources[Settings]
) -> None:
    at = now()
    first = [MetricPoint(key=KEYS[0], step=step, epoch=0, value=step, at=at) for step in range(4)]
    late = [MetricPoint(key=KEYS[0], step=step, epoch=1, value=-step, at=at) for step in (3, 5)]
    late.append(MetricPoint(key=KEYS[1], step=1, epoch=1, value=0.5, at=at))
    run = await _measured(desk, opened, first)
    await _age(house, run)
    await archive_once(resources)

    await _tell(opened, run, late)

    expected = {KEYS[0]: [(0, 0.0), (1, 1.0), (2, 2.0), (3, -3.0), (5, -5.0)], KEYS[1]: [(1, 0.5)]}
    for _ in range(2):
        found = await desk.ask(ReadMetrics(run_id=run.id))
        assert {each.key: [(p.step, p.value) for p in each.points] for each in found} == expected
        await archive_once(resources)
    assert await _num_points(house, run) == 0


async def test_who_is_killed_after_the_file_and_before_the_rows_begins_again(
    desk: Desk, house: House, opened: OpenService, resources: Resources[Settings]
) -> None:
    run = await _measured(desk, opened, _points(KEYS[0], random.Random(2), 40))
    await _age(house, run)
    before = await desk.ask(ReadMetrics(run_id=run.id))

    with pytest.raises(ZeroDivisionError):
        async with opened() as service:
            assert await service.archive.put_away_next(now())
            raise ZeroDivisionError

    assert await _num_points(house, run) == 40
    await archive_once(resources)
    assert await _num_points(house, run) == 0
    assert [str(each) for each in await desk.ask(ReadMetrics(run_id=run.id))] == [
        str(each) for each in before
    ]
    (key,) = [key for key in await desk.keys_of(run.id) if "points-" in key]
    assert key.endswith(".parquet")


async def test_logs_are_kept_for_ever_until_somebody_says_how_long(
    desk: Desk, house: House, opened: OpenService, resources: Resources[Settings]
) -> None:
    run = await _measured(desk, opened, [], LogLine(at=now(), text="hello", seq=0))
    await _age(house, run, days=400)
    await archive_once(resources)
    assert await desk.log_texts(run) == ["hello"]

    changed = ChangeHistorySettings(settings=HistorySettings(logs_kept_days=365), changed=("logs_kept_days",))
    assert (await desk.ask(changed)).metrics_archived_after_days == KEPT_DAYS
    await archive_once(resources)

    assert (await desk.ask(ReadLogs(run_id=run.id))).items == ()
    await desk.ask(ChangeHistorySettings(settings=HistorySettings(), changed=("logs_kept_days",)))
