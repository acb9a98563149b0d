"""Every part killed or gone in the middle of a training: it goes on, and measures what it would have.

`_ended_whole` is what all of them are held to.
"""

import asyncio
import os
import re
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from libs.common import artifacts
from libs.common.contracts.jobs import GetJob, JobState
from libs.common.contracts.run_facts import RunFailed, RunLost, RunResumed
from libs.common.contracts.runs import GetRunSummary, ResumeRun, Run, RunState
from tests.factories import data_reference
from tests.integration.trainer.desk import NUM_EPOCHS, NUM_STEPS, Desk, Whole, held
from tests.integration.trainer.machine import another_machine

GOES_ON = re.compile(r"worker … prepares; goes on after epoch (\d+)")
# In which a worker that wakes up sends what it has, and hears that nobody wants it.
WAKING_SECONDS = 2
STORE_AWAY_SECONDS = 3


async def test_a_killed_worker_costs_a_lease_and_the_next_goes_on_from_the_checkpoint(
    desk: Desk, whole: Whole
) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)
    child, worker = await desk.child(), desk.house.stack.pid("worker")
    with held(child):
        os.kill(worker, signal.SIGKILL)

        await desk.until_attempt(run, 2)

        assert not Path(f"/proc/{child}").exists()
    ended = await _ended_whole(desk, whole, run, attempt=2)
    states = [state for state, _ in await desk.life(run)]
    assert states == [
        *("queued", "preparing", "running"),
        *("lost", "queued", "preparing", "running", "completed"),
    ]
    assert ("lost", "worker … was not heard of any more") in await desk.life(run)
    resumed_after = await _resumed_after(desk, run)
    assert 2 <= resumed_after < NUM_EPOCHS
    assert f"training goes on at epoch {resumed_after + 1} of {NUM_EPOCHS}" in await desk.log_texts(run)
    folder = desk.house.stack.stack.home / "scratch/worker/runs"
    assert len(list(folder.glob("*/lock"))) == 1, "the killed worker's files are still there"
    lost = await desk.house.wait_for(RunLost, run_id=run.id)
    assert lost.attempt == 1
    resumed = await desk.house.wait_for(RunResumed, run_id=run.id)
    assert (resumed.attempt, resumed.epoch) == (2, resumed_after)
    assert (await desk.ask(GetJob(job_id=ended.job_id))).attempt == 2


async def test_a_machine_that_comes_back_after_another_has_taken_its_run_changes_nothing(
    desk: Desk, whole: Whole
) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)
    child, worker = await desk.child(), desk.house.stack.pid("worker")
    with another_machine(desk.house.stack) as other, ExitStack() as gone:
        for process in (child, worker):
            gone.enter_context(held(process))
        await desk.until_attempt(run, 2)
        with held(await desk.child(other)):
            gone.close()
            await asyncio.sleep(WAKING_SECONDS)
            assert not Path(f"/proc/{child}").exists(), "it trains on, though nobody wants it"

        await _ended_whole(desk, whole, run, attempt=2)

    assert (await desk.look(run)).device == "other/cpu"
    for each in (await desk.checkpoints(run)).values():
        of_first = each.package.startswith(artifacts.attempt_prefix(run.id, 1))
        assert not of_first or each.epoch < await _resumed_after(desk, run)


@pytest.mark.parametrize("part", ["trainer", "nats", "postgres"])
async def test_a_killed_part_of_the_house_is_waited_for_and_nothing_is_lost(
    desk: Desk, whole: Whole, part: str
) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)
    child, killed = await desk.child(), desk.house.stack.pid(part)
    with held(child):
        os.kill(killed, signal.SIGKILL)
    await desk.restarted(part, killed)

    await _ended_whole(desk, whole, run, attempt=1)


async def test_an_object_store_that_is_away_is_waited_for_while_training_goes_on(
    desk: Desk, whole: Whole
) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)

    desk.house.stack.stop("s3")
    await asyncio.sleep(STORE_AWAY_SECONDS)
    desk.house.stack.start("s3")

    await _ended_whole(desk, whole, run, attempt=1)


async def test_a_worker_that_is_shut_down_gives_its_run_back_at_once(desk: Desk, whole: Whole) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)
    child = await desk.child()
    with held(child):
        os.kill(desk.house.stack.pid("worker"), signal.SIGTERM)

        await desk.until_attempt(run, 2)

    ended = await _ended_whole(desk, whole, run, attempt=2)
    assert ("queued", "worker … was shut down") in await desk.life(run)
    assert await _resumed_after(desk, run) >= 2
    job = await desk.ask(GetJob(job_id=ended.job_id))
    # Given back, not lost: it may still be tried as often as before.
    assert (job.state, job.attempt, job.max_attempts) == (JobState.COMPLETED, 2, 3)


async def test_a_killed_training_is_tried_again_then_fails_in_words_and_can_be_resumed(
    desk: Desk, whole: Whole
) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)

    os.kill(await desk.child(), signal.SIGKILL)
    await desk.until_attempt(run, 2)
    os.kill(await desk.child(), signal.SIGKILL)

    failed = await desk.until(run, RunState.FAILED)
    words = "the process was ended by SIGKILL (perhaps for want of memory)"
    last = f"{words}; attempt 2 of 2 was the last"
    assert (failed.error_code, failed.error_detail) == ("training_killed", last)
    assert ("queued", f"is tried again: {words}") in await desk.life(run)
    fact = await desk.house.wait_for(RunFailed, run_id=run.id)
    assert (fact.code, fact.detail) == ("training_killed", last)
    assert fact.last_log_lines, "nothing is told of what it said last"
    assert fact.duration_seconds and fact.duration_seconds > 0
    assert (await desk.ask(GetJob(job_id=failed.job_id))).error_code == "training_killed"

    resumed = await desk.ask(ResumeRun(run_id=run.id))

    assert (resumed.state, resumed.error_code, resumed.finished_at) == (RunState.QUEUED, None, None)
    assert resumed.job_id != failed.job_id
    await _ended_whole(desk, whole, run, attempt=3)
    assert await _resumed_after(desk, run) >= 2


async def test_a_run_whose_data_were_deleted_fails_at_once_and_says_so(desk: Desk) -> None:
    other = Desk(desk.house, desk.task, data_reference(classes=desk.data.classes))
    run = await other.begin()

    failed = await other.until(run, RunState.FAILED)

    words = "version 1 of dataset digits was deleted from the object store"
    assert (failed.error_code, failed.error_detail, failed.attempt) == ("data_missing", words, 1)


async def _ended_whole(desk: Desk, whole: Whole, run: Run, attempt: int) -> Run:
    """Each step measured once, by the numbers of an undisturbed training, and one attempt at a time wrote."""
    ended = await desk.until(run, RunState.COMPLETED)
    assert ended.attempt == attempt, await desk.life(run)
    summary = await desk.ask(GetRunSummary(run_id=run.id))
    assert (summary.num_epochs, summary.num_steps) == (NUM_EPOCHS, NUM_STEPS)
    series = await desk.series(run)
    whole.assert_same(series)
    for each in (await desk.look(run)).summary:
        values = [point.value for point in series[each.key]]
        assert (each.last, each.last_step) == (values[-1], NUM_STEPS)
        assert each.best in (min(values), max(values))
    last = (await desk.checkpoints(run))["last"]
    assert last.epoch == NUM_EPOCHS - 1
    assert last.package.startswith(artifacts.attempt_prefix(run.id, attempt))
    times = [transition.at for transition in summary.transitions]
    assert times == sorted(times)
    return ended


async def _resumed_after(desk: Desk, run: Run) -> int:
    """The epoch that the last attempt went on after."""
    found = [match for _, reason in await desk.life(run) if (match := GOES_ON.fullmatch(reason))]
    return int(found[-1][1])
