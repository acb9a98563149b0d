"""Every part killed in the middle of a training: it goes on, ends whole, and measures what it would have."""

import os
import re
import signal
from pathlib import Path

from libs.common.contracts.jobs import GetJob, JobState
from libs.common.contracts.runs import GetRunSummary, ResumeRun, Run, RunFailed, RunLost, RunState
from tests.integration.trainer.desk import NUM_EPOCHS, NUM_STEPS, Desk, Whole, held

GOES_ON = re.compile(r"worker … prepares; goes on after epoch (\d+)")


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
    assert (await desk.ask(GetJob(job_id=ended.job_id))).attempt == 2


async def test_a_killed_trainer_room_is_waited_for_and_nothing_is_lost(desk: Desk, whole: Whole) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)
    child, room = await desk.child(), desk.house.stack.pid("trainer")
    with held(child):
        os.kill(room, signal.SIGKILL)
    await desk.restarted("trainer", room)

    await _ended_whole(desk, whole, run, attempt=1)


async def test_a_killed_bus_is_waited_for_and_no_point_is_lost(desk: Desk, whole: Whole) -> None:
    run = await desk.begin()
    await desk.until_epoch(run, 2)
    child, bus = await desk.child(), desk.house.stack.pid("nats")
    with held(child):
        os.kill(bus, signal.SIGKILL)
    await desk.restarted("nats", bus)

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
    assert (await desk.ask(GetJob(job_id=failed.job_id))).error_code == "training_killed"

    resumed = await desk.ask(ResumeRun(run_id=run.id))

    assert (resumed.state, resumed.error_code, resumed.finished_at) == (RunState.QUEUED, None, None)
    assert resumed.job_id != failed.job_id
    await _ended_whole(desk, whole, run, attempt=3)
    assert await _resumed_after(desk, run) >= 2


async def _ended_whole(desk: Desk, whole: Whole, run: Run, attempt: int) -> Run:
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
    assert (await desk.checkpoints(run))["last"].epoch == NUM_EPOCHS - 1
    return ended


async def _resumed_after(desk: Desk, run: Run) -> int:
    """The epoch that the last attempt went on after."""
    found = [match for _, reason in await desk.life(run) if (match := GOES_ON.fullmatch(reason))]
    return int(found[-1][1])
