"""The queue's rules on a real PostgreSQL."""

import asyncio
import itertools
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.jobs import Desired, Job, JobState, ListJobs
from libs.common.contracts.queue import ListQueueHistory
from libs.common.db import Database
from libs.common.db.platform import OutboxRow
from libs.common.errors import StaleLease
from libs.common.jobs import JobLists, JobQueue
from libs.common.jobs.lists import Ended
from libs.common.jobs.model import JobRow
from libs.common.jobs.queue import JobIsNotWaiting
from tests.integration.jobs.counter import ANY, Heat, Scheduler, Sweep, drain

pytestmark = pytest.mark.usefixtures("empty_queue")


async def test_jobs_are_taken_by_priority_and_then_in_order(scheduler: Scheduler) -> None:
    first = await scheduler.enqueue(Sweep())
    second = await scheduler.enqueue(Sweep())
    urgent = await scheduler.enqueue(Sweep(), priority=5)
    assert await drain(scheduler) == [urgent, first, second]


async def test_a_waiting_job_moves_between_any_two_others(scheduler: Scheduler) -> None:
    a, b, c, d = [await scheduler.enqueue(Sweep()) for _ in range(4)]
    await scheduler.move(d, before=b)
    await scheduler.move(a, after=c)
    assert await drain(scheduler) == [d, b, c, a]


async def test_a_gap_never_runs_out_however_often_jobs_move_into_it(scheduler: Scheduler) -> None:
    a, b, c = [await scheduler.enqueue(Sweep()) for _ in range(3)]
    for _ in range(40):
        await scheduler.move(c, after=a)
        b, c = c, b
    assert await drain(scheduler) == [a, b, c]


async def test_a_job_moved_beside_an_urgent_one_becomes_as_urgent(scheduler: Scheduler) -> None:
    urgent, plain = await scheduler.enqueue(Sweep(), priority=9), await scheduler.enqueue(Sweep())
    await scheduler.move(plain, before=urgent)
    assert await drain(scheduler) == [plain, urgent]


async def test_a_running_job_has_no_place_to_move_from(scheduler: Scheduler) -> None:
    waiting, running = await scheduler.enqueue(Sweep()), await scheduler.enqueue(Sweep(), priority=1)
    await scheduler.claim(ANY, uuid4())
    with pytest.raises(JobIsNotWaiting):
        await scheduler.move(running, after=waiting)


async def test_workers_that_claim_together_never_get_the_same_job(scheduler: Scheduler) -> None:
    enqueued = {await scheduler.enqueue(Sweep()) for _ in range(12)}
    taken = await asyncio.gather(*(drain(scheduler) for _ in range(4)))
    assert sorted(itertools.chain(*taken)) == sorted(enqueued)


async def test_the_same_token_claims_the_same_job_again(scheduler: Scheduler) -> None:
    await scheduler.enqueue(Sweep())
    await scheduler.enqueue(Sweep())
    token = uuid4()
    once, again = await scheduler.claim(ANY, token), await scheduler.claim(ANY, token)
    assert once.id == again.id
    assert again.attempt == 1


async def test_a_device_is_given_to_one_job_at_a_time(scheduler: Scheduler) -> None:
    for _ in range(3):
        await scheduler.enqueue(Heat())
    other_device = ANY.model_copy(update={"device": "gpu0"})
    taken = await asyncio.gather(*(scheduler.claim(ANY, uuid4()) for _ in range(3)))
    assert len([row for row in taken if row]) == 1
    assert (await scheduler.claim(other_device, uuid4())).device == "n1/gpu0"


async def test_a_worker_without_a_device_gets_only_work_that_needs_none(scheduler: Scheduler) -> None:
    await scheduler.enqueue(Heat())
    sweep = await scheduler.enqueue(Sweep())
    assert await drain(scheduler, ANY.model_copy(update={"device": None})) == [sweep]


async def test_needs_are_met_by_capabilities_only(scheduler: Scheduler) -> None:
    wanted = await scheduler.enqueue(Sweep(), needs=("gpu",))
    assert await drain(scheduler) == []
    assert await drain(scheduler, ANY.model_copy(update={"capabilities": ("cpu", "gpu")})) == [wanted]


async def test_a_limit_holds_back_the_kind_it_names(scheduler: Scheduler) -> None:
    await scheduler.limit("test.sweep", max_running=2)
    jobs = [await scheduler.enqueue(Sweep()) for _ in range(3)]
    heat = await scheduler.enqueue(Heat())
    assert await drain(scheduler) == [*jobs[:2], heat]


async def test_a_beat_prolongs_the_lease_and_stores_progress_and_checkpoint(scheduler: Scheduler) -> None:
    job, token = await scheduler.enqueue(Sweep()), uuid4()
    before = await scheduler.claim(ANY, token)
    assert await scheduler.beat(job, token, 0.5, "half", {"epoch": 3}) is Desired.RUN
    after = await scheduler.get(job)
    assert (after.progress, after.message, after.checkpoint) == (0.5, "half", {"epoch": 3})
    assert after.lease_expires_at > before.lease_expires_at


async def test_a_lost_job_goes_to_the_next_worker_and_the_first_one_is_fenced_off(
    scheduler: Scheduler, hasty: Scheduler
) -> None:
    job, old, new = await scheduler.enqueue(Sweep()), uuid4(), uuid4()
    await hasty.claim(ANY, old)
    await scheduler.beat(job, old, 0.1, "", {"epoch": 1})
    await hasty.beat(job, old, 0.2, "")
    assert [row.id for row in await scheduler.requeue_lost()] == [job]
    successor = await scheduler.claim(ANY, new)
    assert (successor.attempt, successor.checkpoint) == (2, {"epoch": 1})
    for late in (
        scheduler.beat(job, old, 0.3, ""),
        scheduler.finish(job, old),
        scheduler.fail(job, old, "x", ""),
    ):
        with pytest.raises(StaleLease):
            await late
    assert (await scheduler.finish(job, new)).state == JobState.COMPLETED


async def test_a_requeue_keeps_the_token_so_a_worker_that_was_cut_off_still_finishes(
    scheduler: Scheduler, hasty: Scheduler
) -> None:
    job, token = await scheduler.enqueue(Sweep()), uuid4()
    await hasty.claim(ANY, token)
    await scheduler.requeue_lost()
    assert (await scheduler.finish(job, token, {"dust": 0})).state == JobState.COMPLETED


async def test_a_beat_takes_a_requeued_job_up_again_unless_its_device_is_gone(
    scheduler: Scheduler, hasty: Scheduler
) -> None:
    first, token = await scheduler.enqueue(Heat()), uuid4()
    await hasty.claim(ANY, token)
    await scheduler.requeue_lost()
    await scheduler.beat(first, token, 0.5, "")
    assert (await scheduler.get(first)).state == JobState.RUNNING

    await hasty.beat(first, token, 0.6, "")
    await scheduler.requeue_lost()
    second = await scheduler.enqueue(Heat(), priority=1)
    assert (await scheduler.claim(ANY, uuid4())).id == second
    with pytest.raises(StaleLease):
        await scheduler.beat(first, token, 0.7, "")


async def test_finishing_twice_changes_nothing_the_second_time(scheduler: Scheduler) -> None:
    job, token = await scheduler.enqueue(Sweep()), uuid4()
    await scheduler.claim(ANY, token)
    once = await scheduler.finish(job, token, {"dust": 1})
    again = await scheduler.finish(job, token, {"dust": 2})
    assert (again.result, again.finished_at) == ({"dust": 1}, once.finished_at)
    assert (await scheduler.fail(job, token, "late", "")).state == JobState.COMPLETED


async def test_a_job_whose_workers_vanish_fails_with_the_reason(
    scheduler: Scheduler, hasty: Scheduler
) -> None:
    job = await scheduler.enqueue(Sweep(), max_attempts=2)
    for _ in range(2):
        await hasty.claim(ANY, uuid4())
        await scheduler.requeue_lost()
    row = await scheduler.get(job)
    assert (row.state, row.error_code, row.attempt) == (JobState.FAILED, "lost_worker", 2)


async def test_a_retryable_failure_waits_before_the_next_attempt(scheduler: Scheduler) -> None:
    job, token = await scheduler.enqueue(Sweep(), max_attempts=2), uuid4()
    await scheduler.claim(ANY, token)
    row = await scheduler.fail(job, token, "unavailable", "the store is away", retryable=True)
    assert row.state == JobState.QUEUED
    assert (row.not_before - row.started_at).total_seconds() > 4
    assert await drain(scheduler) == []


async def test_a_failure_that_would_repeat_is_final_and_announced(
    scheduler: Scheduler, database: Database
) -> None:
    job, token = await scheduler.enqueue(Sweep(room="attic")), uuid4()
    await scheduler.claim(ANY, token)
    await scheduler.fail(job, token, "bad_input", "no broom")
    async with database.transaction() as session:
        (fact,) = (await session.scalars(select(OutboxRow))).all()
    assert fact.type == "job.failed"
    assert (fact.payload["code"], fact.payload["spec"]) == ("bad_input", {"room": "attic"})


async def test_a_waiting_job_is_cancelled_at_once(scheduler: Scheduler) -> None:
    job = await scheduler.enqueue(Sweep())
    assert (await scheduler.cancel(job)).state == JobState.CANCELLED
    assert await drain(scheduler) == []


async def test_a_running_job_hears_of_its_cancellation_with_the_next_beat(scheduler: Scheduler) -> None:
    job, token = await scheduler.enqueue(Sweep()), uuid4()
    await scheduler.claim(ANY, token)
    await scheduler.stop(job)
    assert await scheduler.beat(job, token, 0.1, "") is Desired.STOP
    await scheduler.cancel(job)
    await scheduler.stop(job)
    assert await scheduler.beat(job, token, 0.1, "") is Desired.CANCEL
    row = await scheduler.fail(job, token, "whatever", "", retryable=True)
    assert row.state == JobState.CANCELLED


async def test_a_cancelled_job_whose_worker_vanished_is_not_tried_again(
    scheduler: Scheduler, hasty: Scheduler
) -> None:
    job = await scheduler.enqueue(Sweep())
    await hasty.claim(ANY, uuid4())
    await scheduler.cancel(job)
    await scheduler.requeue_lost()
    assert (await scheduler.get(job)).state == JobState.CANCELLED


async def test_a_released_job_is_free_at_once_and_loses_no_attempt(scheduler: Scheduler) -> None:
    job, token = await scheduler.enqueue(Sweep(), max_attempts=1), uuid4()
    await scheduler.claim(ANY, token)
    await scheduler.release(job, token)
    row = await scheduler.claim(ANY, uuid4())
    assert (row.id, row.attempt, row.max_attempts) == (job, 2, 2)


async def test_a_job_belongs_to_the_transaction_that_enqueued_it(database: Database) -> None:
    async def enqueue_and_break(session: AsyncSession) -> None:
        await JobQueue(session).enqueue(Sweep())
        raise LookupError("the room changed its mind")

    with pytest.raises(LookupError):
        async with database.transaction() as session:
            await enqueue_and_break(session)
    async with database.transaction() as session:
        assert (await session.scalars(select(JobRow))).all() == []


async def test_lists_page_from_the_newest(scheduler: Scheduler, database: Database) -> None:
    project = uuid4()
    jobs = [await scheduler.enqueue(Sweep(), project_id=project) for _ in range(3)]
    await scheduler.enqueue(Heat())

    async def page(cursor: str | None = None) -> Page[Job]:
        async with database.transaction() as session:
            wanted = ListJobs(project_id=project, query=PageQuery(limit=2, cursor=cursor))
            return await JobLists(session).newest(wanted)

    first = await page()
    rest = await page(first.next_cursor)
    assert [job.id for job in first.items + rest.items] == jobs[::-1]
    assert rest.next_cursor is None


async def test_the_history_pages_from_what_ended_last(scheduler: Scheduler, database: Database) -> None:
    """Of five that ended at the same moment, too, none is shown twice and none is left out."""
    jobs = [await scheduler.enqueue(Sweep()) for _ in range(5)]
    waiting = await scheduler.enqueue(Sweep())
    for job in jobs:
        await scheduler.cancel(job)
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE platform.job SET finished_at = now() WHERE id <> :id"), {"id": waiting}
        )

    seen: list[UUID] = []
    cursor = None
    while cursor or not seen:
        async with database.transaction() as session:
            query = PageQuery(limit=2, cursor=cursor)
            rows = await JobLists(session).ended(ListQueueHistory(query=query))
        seen += [row.id for row in rows[:2]]
        cursor = str(Ended.of(rows[1])) if len(rows) > 2 else None
    assert seen == sorted(jobs, reverse=True)
