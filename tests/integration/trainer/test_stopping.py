"""A run that people stop, resume, cancel and delete."""

import asyncio

import pytest

from libs.common import artifacts
from libs.common.contracts.checkpoints import DeleteCheckpoint
from libs.common.contracts.experiments import DeleteExperiment
from libs.common.contracts.measurements import ReadMetrics
from libs.common.contracts.run_facts import RunCancelled, RunCompleted, RunStopping
from libs.common.contracts.runs import CancelRun, GetRun, GetRunSummary, ResumeRun, Run, RunState, StopRun
from libs.common.errors import Conflict, NotFound
from tests.integration.trainer.desk import NUM_EPOCHS, Desk, Whole, held

# The worker hears of a wish with its next beat, at most a second later.
HEARD_SECONDS = 2
SWEPT_SECONDS = 30
LOG = ".jsonl.gz"


async def test_a_run_is_stopped_resumed_cancelled_resumed_and_deleted(desk: Desk, whole: Whole) -> None:
    experiment = await desk.experiment("Größe & Form")
    run = await desk.begin(experiment)
    await desk.until_epoch(run, 2)

    # Stopped: what it has learned is a model.
    with held(await desk.child()):
        assert (await desk.ask(StopRun(run_id=run.id))).state is RunState.STOPPING
        await asyncio.sleep(HEARD_SECONDS)
    assert await desk.house.wait_for(RunStopping, run_id=run.id, desired="stop")
    stopped = await desk.until(run, RunState.COMPLETED)
    assert stopped.reason == "stopped on request"
    summary = await desk.ask(GetRunSummary(run_id=run.id))
    kept = await desk.checkpoints(run)
    assert 2 <= summary.num_epochs == kept["last"].epoch + 1 < NUM_EPOCHS
    announced = await desk.house.wait_for(RunCompleted, run_id=run.id)
    assert (announced.package, announced.deployment) == (kept["best"].package, "grosse-form")
    assert announced.metrics == kept["best"].metrics

    # Resumed, then cancelled.
    await desk.ask(ResumeRun(run_id=run.id))
    await desk.until_epoch(run, summary.num_epochs + 1)
    with pytest.raises(Conflict) as caught:
        await desk.ask(DeleteExperiment(experiment_id=experiment.id))
    assert caught.value.code == "experiment_in_use"
    with pytest.raises(Conflict) as caught:
        await desk.ask(ResumeRun(run_id=run.id))
    assert caught.value.code == "run_goes_on"
    with pytest.raises(Conflict) as caught:
        await desk.ask(DeleteCheckpoint(run_id=run.id, name="last"))
    assert caught.value.code == "checkpoint_needed"
    with held(await desk.child()):
        assert (await desk.ask(CancelRun(run_id=run.id))).state is RunState.STOPPING
        await asyncio.sleep(HEARD_SECONDS)
    await desk.until(run, RunState.CANCELLED)
    assert await desk.house.wait_for(RunCancelled, run_id=run.id)
    assert await desk.house.wait_for(RunStopping, run_id=run.id, desired="cancel")

    # Resumed once more, to the end.
    await desk.ask(ResumeRun(run_id=run.id))
    assert (await desk.until(run, RunState.COMPLETED)).attempt == 3
    whole.assert_same(await desk.series(run))
    assert [state for state, _ in await desk.life(run)] == [
        *("queued", "preparing", "running", "stopping", "completed"),
        *("queued", "preparing", "running", "stopping", "cancelled"),
        *("queued", "preparing", "running", "completed"),
    ]

    # Only what a checkpoint names and what was said stays, and with the experiment all of it goes.
    await desk.ask(DeleteCheckpoint(run_id=run.id, name="last"))
    assert set(await desk.checkpoints(run)) == {"best"}
    await _until_stored(desk, run, await _named(desk, run))
    await desk.ask(DeleteExperiment(experiment_id=experiment.id))
    for request in (GetRun(run_id=run.id), ReadMetrics(run_id=run.id)):
        with pytest.raises(NotFound) as missing:
            await desk.ask(request)
        assert missing.value.code == "run_not_found"
    await _until_stored(desk, run, set())


async def _named(desk: Desk, run: Run) -> set[str]:
    """The keys that its checkpoints speak of, and the log of each attempt."""
    found = await desk.checkpoints(run)
    packages = {
        key(each.package)
        for each in found.values()
        for key in (artifacts.package_card, artifacts.package_weights)
    }
    attempts = range(1, (await desk.look(run)).attempt + 1)
    return packages | {artifacts.run_log(artifacts.attempt_prefix(run.id, number), 0) for number in attempts}


async def _until_stored(desk: Desk, run: Run, keys: set[str]) -> None:
    async with asyncio.timeout(SWEPT_SECONDS):
        while (stored := await desk.keys_of(run.id)) != keys:
            assert {key for key in keys if not key.endswith(LOG)} <= stored
            await asyncio.sleep(0.2)
