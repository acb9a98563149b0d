"""What runs measure and say, from the stream to the page; the test is who measures."""

import asyncio
import math
from itertools import pairwise

import pytest

from libs.common.bus import TelemetryPublisher
from libs.common.contracts.base import PageQuery, now
from libs.common.contracts.jobs import ReleaseJob
from libs.common.contracts.measurements import MetricSeries, ReadLogs, ReadMetrics
from libs.common.contracts.runs import Run, RunState
from libs.common.contracts.telemetry import LogLine, MetricPoint, Progress, TelemetryBatch
from libs.common.errors import BadInput, NotFound
from libs.common.ids import new_id
from services.trainer.repository.series import Series
from tests.integration.trainer.desk import Desk
from tests.integration.trainer.hand import Hand

pytestmark = pytest.mark.usefixtures("no_worker")
NUM_POINTS = 20_000
PEAK, DIP = (7_777, 99.0), (13_131, -99.0)


def _batch(run: Run, values: dict[int, float], attempt: int = 1, **fields: object) -> TelemetryBatch:
    points = tuple(
        MetricPoint(key="train/loss", step=step, epoch=step // 1000, value=value, at=now())
        for step, value in values.items()
    )
    return TelemetryBatch(id=new_id(), run_id=run.id, attempt=attempt, points=points, **fields)


async def _told(desk: Desk, *batches: TelemetryBatch) -> None:
    publisher = TelemetryPublisher(desk.house.bus)
    for batch in batches:
        await publisher.publish(batch)


async def _loss(desk: Desk, run: Run, last_step: int, **wanted: object) -> MetricSeries:
    """Once the point of this step is stored."""
    async with asyncio.timeout(20):
        while True:
            found = await desk.ask(ReadMetrics(run_id=run.id, **wanted))
            if found and found[0].points and found[0].points[-1].step == last_step:
                assert [each.key for each in found] == ["train/loss"]
                return found[0]
            await asyncio.sleep(0.05)


async def test_a_long_series_is_thinned_out_and_keeps_its_extremes(desk: Desk, hand: Hand) -> None:
    run = await desk.begin()
    values = {step: math.sin(step / 500) for step in range(NUM_POINTS)} | dict([PEAK, DIP])
    steps = list(values)

    await _told(
        desk, *(_batch(run, {s: values[s] for s in steps[n : n + 4000]}) for n in range(0, NUM_POINTS, 4000))
    )

    thin = await _loss(desk, run, NUM_POINTS - 1, max_points=200)
    pairs = [(point.step, point.value) for point in thin.points]
    assert 100 <= len(pairs) <= 200
    assert pairs == sorted(pairs)
    assert {PEAK, DIP} <= set(pairs)
    assert all(values[step] == value for step, value in pairs)
    assert max(b - a for (a, _), (b, _) in pairwise(pairs)) < 4 * NUM_POINTS / 200
    rest = await _loss(desk, run, NUM_POINTS - 1, since_step=NUM_POINTS - 11, max_points=200)
    assert [point.step for point in rest.points] == list(range(NUM_POINTS - 10, NUM_POINTS))
    assert await desk.ask(ReadMetrics(run_id=run.id, keys=("val/loss",))) == ()
    (summary,) = (await desk.look(run)).summary
    assert (summary.best, summary.best_step) == (DIP[1], DIP[0])
    assert (summary.last_step, summary.last) == (NUM_POINTS - 1, values[NUM_POINTS - 1])


async def test_what_is_no_number_is_kept_and_never_the_best(desk: Desk, hand: Hand) -> None:
    run = await desk.begin()

    await _told(desk, _batch(run, {1: 0.5, 2: math.nan, 3: math.inf}))

    first, second, third = (await _loss(desk, run, 3)).points
    assert (first.value, third.value) == (0.5, math.inf)
    assert math.isnan(second.value)
    (summary,) = (await desk.look(run)).summary
    assert (summary.best, summary.best_step, summary.last) == (0.5, 1, math.inf)


async def test_a_batch_sent_twice_counts_once_and_a_step_told_again_is_corrected(
    desk: Desk, hand: Hand
) -> None:
    run = await desk.begin()
    line = LogLine(at=now(), text="hello", seq=0)
    batch = _batch(run, {1: 1.0, 2: 2.0}, logs=(line,))

    # The second time under an id of its own: the bus cannot know it.
    await _told(desk, batch, batch, batch.model_copy(update={"id": new_id()}), _batch(run, {2: 4.0, 3: 3.0}))

    found = await _loss(desk, run, 3)
    assert [(point.step, point.value) for point in found.points] == [(1, 1.0), (2, 4.0), (3, 3.0)]
    assert await desk.log_texts(run) == ["hello"]


async def test_batches_of_unknown_runs_hold_nothing_up(desk: Desk, hand: Hand) -> None:
    run = await desk.begin()
    unknown = run.model_copy(update={"id": new_id()})

    await _told(desk, _batch(unknown, {1: 1.0}), _batch(run, {1: 1.0}))

    assert len((await _loss(desk, run, 1)).points) == 1
    for request in (ReadMetrics(run_id=unknown.id), ReadLogs(run_id=unknown.id)):
        with pytest.raises(NotFound) as caught:
            await desk.ask(request)
        assert caught.value.code == "run_not_found"


async def test_a_late_word_of_a_lost_attempt_does_not_spoil_what_is_measured_again(
    desk: Desk, hand: Hand
) -> None:
    run, first = await hand.takes(await desk.begin())
    await hand.starts(first)
    await _told(desk, _batch(run, {1: 1.0, 2: 1.0}, progress=Progress(fraction=0.2)))
    await _loss(desk, run, 2)
    assert (await desk.look(run)).state is RunState.RUNNING
    await desk.ask(ReleaseJob(job_id=first.job_id, token=first.token))
    _, second = await hand.takes(run)
    await hand.starts(second)
    assert await desk.ask(ReadMetrics(run_id=run.id)) == ()

    late = _batch(run, {3: 1.0}, progress=Progress(fraction=0.3))
    await _told(desk, late, _batch(run, {1: 2.0}, attempt=2, progress=Progress(fraction=0.1)))

    found = await _loss(desk, run, 1)
    assert [(point.step, point.value) for point in found.points] == [(1, 2.0)]
    seen = await desk.look(run)
    assert seen.progress is not None and seen.progress.fraction == 0.1


async def test_log_lines_are_read_page_by_page_over_all_attempts(desk: Desk, hand: Hand) -> None:
    run = await desk.begin()
    for attempt in (1, 2):
        lines = tuple(LogLine(at=now(), text=f"{attempt}.{seq}", seq=seq) for seq in range(225))
        await _told(desk, _batch(run, {attempt: 1.0}, attempt, logs=lines))
    await _loss(desk, run, 2)

    seen: list[str] = []
    cursor, sizes = None, []
    while not sizes or cursor is not None:
        page = await desk.ask(ReadLogs(run_id=run.id, query=PageQuery(limit=200, cursor=cursor)))
        seen += [line.text for line in page.items]
        cursor, sizes = page.next_cursor, [*sizes, len(page.items)]

    assert sizes == [200, 200, 50]
    assert seen == [f"{attempt}.{seq}" for attempt in (1, 2) for seq in range(225)]
    with pytest.raises(BadInput):
        await desk.ask(ReadLogs(run_id=run.id, query=PageQuery(cursor="yesterday")))


async def test_a_series_that_goes_on_from_a_checkpoint_forgets_the_extremes_beyond_it(
    desk: Desk, hand: Hand
) -> None:
    """Of a long one, whose extremes are kept stretch by stretch."""
    run = await desk.begin()
    values = {step: 1 / (step + 1) for step in range(3000)} | {500: math.nan, 2001: 50.0, 2002: -50.0}
    await _told(desk, _batch(run, values))
    await _loss(desk, run, 2999)

    async with desk.house.database.transaction() as session:
        await Series(session).truncate(run.id, 2000)

    thin = await _loss(desk, run, 2000, max_points=20)
    assert len(thin.points) <= 20
    assert {point.value for point in thin.points} <= set(values.values())
    assert thin.points[0].value == 1.0
    (summary,) = (await desk.look(run)).summary
    assert (summary.best, summary.best_step) == (1 / 2001, 2000)
    assert (summary.last, summary.last_step) == (1 / 2001, 2000)
    await _told(desk, _batch(run, {2001: 9.0, 2002: -9.0}))
    again = await _loss(desk, run, 2002, max_points=20)
    assert max(point.value for point in again.points) == 9.0
