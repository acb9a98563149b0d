"""Order and limits when several people and workers act at once, on a real PostgreSQL."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from libs.common.contracts.jobs import Desired, JobState, WorkerIdentity
from libs.common.db import Database
from libs.common.errors import Conflict, Unavailable
from libs.common.jobs.queue import JobIsNotWaiting, NeighbourIsUnknown
from libs.common.jobs.turns import take_turn
from tests.integration.jobs.counter import ANY, Heat, Scheduler, Sweep, drain

pytestmark = pytest.mark.usefixtures("empty_queue")


def worker(number: int, device: str = "cpu") -> WorkerIdentity:
    return ANY.model_copy(update={"id": f"w{number}", "node": f"n{number}", "device": device})


async def test_the_order_is_what_was_asked_for_after_any_moves(scheduler: Scheduler) -> None:
    """Beside a plain list that is told the same; some are taken and given back on the way, some come new."""
    chance = random.Random(4)
    order = [await scheduler.enqueue(Sweep()) for _ in range(8)]
    for _ in range(60):
        match chance.randrange(6):
            case 0:
                order.append(await scheduler.enqueue(Sweep()))
            case 1:
                token = uuid4()
                first = await scheduler.claim(ANY, token)
                assert first.id == order[0]
                moved, neighbour = chance.sample(order[1:], 2)
                await _move(scheduler, order, moved, neighbour, is_before=chance.random() < 0.5)
                await scheduler.release(first.id, token)
            case _:
                moved, neighbour = chance.sample(order, 2)
                await _move(scheduler, order, moved, neighbour, is_before=chance.random() < 0.5)
        assert await scheduler.order() == order


async def _move(
    scheduler: Scheduler, order: list[UUID], moved: UUID, neighbour: UUID, *, is_before: bool
) -> None:
    await scheduler.move(moved, **{"before" if is_before else "after": neighbour})
    order.remove(moved)
    order.insert(order.index(neighbour) + (0 if is_before else 1), moved)


async def test_people_who_move_at_once_leave_one_order_that_all_see(scheduler: Scheduler) -> None:
    jobs = [await scheduler.enqueue(Sweep()) for _ in range(6)]
    first, last = jobs[0], jobs[-1]
    await asyncio.gather(
        *(scheduler.move(job, before=first) for job in jobs[1:]),
        *(scheduler.move(job, after=last) for job in jobs[:-1]),
    )
    order = await scheduler.order()
    assert sorted(order) == sorted(jobs)
    assert await drain(scheduler) == order


async def test_two_who_swap_the_same_pair_at_once_both_succeed(scheduler: Scheduler) -> None:
    a, b = await scheduler.enqueue(Sweep()), await scheduler.enqueue(Sweep())
    for _ in range(10):
        await asyncio.gather(scheduler.move(a, after=b), scheduler.move(b, after=a))
    assert sorted(await scheduler.order()) == sorted([a, b])


async def test_a_claim_between_two_moves_is_told_to_whoever_comes_too_late(scheduler: Scheduler) -> None:
    jobs = [await scheduler.enqueue(Sweep()) for _ in range(4)]
    done = await asyncio.gather(
        scheduler.move(jobs[3], before=jobs[0]),
        scheduler.claim(ANY, uuid4()),
        scheduler.move(jobs[0], after=jobs[1]),
        return_exceptions=True,
    )
    taken = done[1].id
    late = [each for each in (done[0], done[2]) if isinstance(each, Exception)]
    assert all(isinstance(each, JobIsNotWaiting) and str(taken) in each.detail for each in late)
    assert sorted(await scheduler.order()) == sorted(set(jobs) - {taken})


async def test_a_job_behind_the_last_stays_before_what_comes_later(scheduler: Scheduler) -> None:
    a, b = await scheduler.enqueue(Sweep()), await scheduler.enqueue(Sweep())
    await scheduler.move(a, after=b)
    c, d = await scheduler.enqueue(Sweep()), await scheduler.enqueue(Sweep())
    await scheduler.move(d, after=a)
    assert await scheduler.order() == [b, a, d, c]


async def test_what_cannot_be_moved_is_said_in_words(scheduler: Scheduler) -> None:
    running, gone, waiting = [await scheduler.enqueue(Sweep()) for _ in range(3)]
    await scheduler.claim(ANY, uuid4())
    await scheduler.cancel(gone)
    for job in (running, gone):
        with pytest.raises(JobIsNotWaiting, match="by now"):
            await scheduler.move(job, before=waiting)
        with pytest.raises(Conflict):
            await scheduler.move(waiting, before=job)
    with pytest.raises(NeighbourIsUnknown) as caught:
        await scheduler.move(waiting, after=uuid4())
    assert [problem.field for problem in caught.value.errors] == ["after"]


async def test_of_two_workers_at_one_place_left_one_gets_it(scheduler: Scheduler) -> None:
    await scheduler.limit("test.heat", max_running=2)
    for round_ in range(5):
        jobs = [await scheduler.enqueue(Heat()) for _ in range(3)]
        await scheduler.claim(worker(0), uuid4())
        taken = await asyncio.gather(*(scheduler.claim(worker(each), uuid4()) for each in range(1, 5)))
        assert len([row for row in taken if row]) == 1, round_
        for job in jobs:
            row = await scheduler.get(job)
            await (scheduler.finish(job, row.token) if row.token else scheduler.cancel(job))


async def test_a_pool_has_a_limit_of_its_own_across_nodes(scheduler: Scheduler) -> None:
    await scheduler.limit("test.heat", max_running=3, max_running_by_pool={"gpu": 1})
    jobs = [await scheduler.enqueue(Heat()) for _ in range(5)]
    gpus = [await scheduler.claim(worker(each, "gpu0"), uuid4()) for each in range(3)]
    cpus = [await scheduler.claim(worker(each), uuid4()) for each in range(3)]
    assert [row and row.id for row in gpus] == [jobs[0], None, None]
    assert [row and row.id for row in cpus] == [*jobs[1:3], None]


async def test_a_lower_limit_ends_nothing_and_starts_nothing(scheduler: Scheduler) -> None:
    jobs = [await scheduler.enqueue(Heat()) for _ in range(4)]
    tokens = [uuid4() for _ in range(3)]
    for number, token in enumerate(tokens):
        await scheduler.claim(worker(number), token)
    await scheduler.limit("test.heat", max_running=1)
    assert [(await scheduler.get(job)).state for job in jobs[:3]] == [JobState.RUNNING] * 3
    for job, token in zip(jobs[:2], tokens, strict=False):
        await scheduler.finish(job, token)
        assert await scheduler.claim(worker(9), uuid4()) is None
    await scheduler.finish(jobs[2], tokens[2])
    assert (await scheduler.claim(worker(9), uuid4())).id == jobs[3]


async def test_a_paused_queue_starts_nothing_of_its_kind_until_it_goes_on(scheduler: Scheduler) -> None:
    heat, sweep = await scheduler.enqueue(Heat()), await scheduler.enqueue(Sweep())
    await scheduler.limit("test.heat", is_paused=True)
    assert await drain(scheduler) == [sweep]
    await scheduler.limit("test.heat", is_paused=False)
    assert await drain(scheduler) == [heat]


async def test_two_who_change_different_settings_at_once_both_succeed(scheduler: Scheduler) -> None:
    await scheduler.limit("test.heat", max_running=4)
    await asyncio.gather(
        scheduler.limit("test.heat", is_paused=True),
        scheduler.limit("test.heat", max_running_by_pool={"cpu": 2}),
        scheduler.limit("test.heat", max_running=3),
    )
    found = await scheduler.limit("test.heat", max_running=None)
    assert (found.max_running, found.max_running_by_pool, found.is_paused) == (None, {"cpu": 2}, True)


async def test_a_beat_that_finds_its_job_being_moved_gives_way(
    scheduler: Scheduler, hasty: Scheduler, database: Database
) -> None:
    """It holds the row that the mover wants, the mover the turn that it wants: one must not wait."""
    job, token = await scheduler.enqueue(Sweep()), uuid4()
    await hasty.claim(ANY, token)
    await scheduler.requeue_lost()
    async with database.transaction() as mover:
        await take_turn(mover)
        with pytest.raises(Unavailable):
            await scheduler.beat(job, token, 0.5, "")
    assert await scheduler.beat(job, token, 0.5, "") is Desired.RUN
