"""Runs that are deleted: what goes with them, what is refused, what their experiment says afterwards."""

import asyncio

import pytest

from libs.common import artifacts
from libs.common.contracts.evaluations import EvaluateModel
from libs.common.contracts.experiments import GetExperiment
from libs.common.contracts.measurements import ReadMetrics
from libs.common.contracts.runs import CancelRun, DeleteRun
from libs.common.errors import Conflict, NotFound
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from tests.factories import evaluable
from tests.integration.trainer.desk import Desk
from tests.integration.trainer.hand import Hand
from tests.integration.trainer.test_experiments import KEY, best_of, measured

pytestmark = pytest.mark.usefixtures("no_worker")


async def test_a_run_goes_with_its_points_and_bytes_and_its_experiment_stands_as_without_it(
    desk: Desk, hand: Hand
) -> None:
    experiment = await desk.experiment()
    first, second = await desk.begin(experiment), await desk.begin(experiment)
    for run, value in ((first, 0.4), (second, 0.9)):
        await measured(desk, run, {KEY: [value]})
        await desk.ask(CancelRun(run_id=run.id))
    storage, left = desk.house.storage, f"{artifacts.run_prefix(second.id)}1/model.json"
    await storage.put_bytes(left, b"{}")

    await desk.ask(DeleteRun(run_id=second.id))

    for request in (DeleteRun(run_id=second.id), ReadMetrics(run_id=second.id)):
        with pytest.raises(NotFound):
            await desk.ask(request)
    found = await desk.ask(GetExperiment(experiment_id=experiment.id))
    assert (found.last_run_id, found.num_runs) == (first.id, 2)
    assert await best_of(desk, experiment) == (0.4, first.id)
    assert (await desk.begin(experiment)).name.endswith("#3")
    async with asyncio.timeout(20):
        while await storage.list_objects(artifacts.run_prefix(second.id)):
            await asyncio.sleep(0.2)


async def test_a_run_that_goes_on_or_is_still_read_is_kept(desk: Desk, hand: Hand) -> None:
    run = await desk.begin(await desk.experiment())
    with pytest.raises(Conflict) as goes_on:
        await desk.ask(DeleteRun(run_id=run.id))
    await desk.ask(CancelRun(run_id=run.id))
    spec = EvaluateModel(evaluation_id=new_id(), model=evaluable(run_id=run.id), subsets=("test",))
    async with desk.house.database.transaction() as session:
        job_id = await JobQueue(session).enqueue(spec, title="Evaluate it")
    with pytest.raises(Conflict) as is_read:
        await desk.ask(DeleteRun(run_id=run.id))
    async with desk.house.database.transaction() as session:
        await JobQueue(session).cancel(job_id)

    assert (goes_on.value.code, is_read.value.code) == ("run_goes_on", "run_in_use")
    assert "Evaluate it" in is_read.value.detail
    await desk.ask(DeleteRun(run_id=run.id))
