"""Whose an experiment, a run and a job is, and lists that hold only what may be seen."""

from typing import Any

import pytest

from libs.common.contracts.base import Within
from libs.common.contracts.experiments import ListExperiments
from libs.common.contracts.jobs import ListJobs
from libs.common.contracts.owners import OwnersInTrainer
from libs.common.contracts.queue import ListQueue, ListQueueHistory
from libs.common.contracts.runs import CancelRun, ListRuns, Run
from libs.common.contracts.system import ListNodes
from libs.common.errors import NotFound
from libs.common.ids import new_id
from tests.integration.trainer.desk import Desk

pytestmark = pytest.mark.usefixtures("no_worker")


async def _owners(desk: Desk, kind: str, key: object, within: Within = None) -> Any:
    asked = {"kind": kind, "keys": (str(key),), "within": within}
    return await desk.ask(OwnersInTrainer.model_validate(asked))


async def _ids(desk: Desk, request: Any) -> set[Any]:
    answer = await desk.ask(request)
    return {each.id for each in getattr(answer, "items", answer)}


async def test_a_job_is_found_by_its_own_id_and_by_that_of_its_run(desk: Desk) -> None:
    run: Run = await desk.begin(await desk.experiment())
    project = desk.data.project_id
    things = {"experiment": run.experiment_id, "run": run.id, "job": run.job_id}

    for kind, id in (*things.items(), ("job", run.id)):
        assert await _owners(desk, kind, id, (project,)) == (project,)
    for id in (run.id, new_id()):
        with pytest.raises(NotFound, match=f"run {id} does not exist"):
            await _owners(desk, "run", id, (new_id(),))
    await desk.ask(CancelRun(run_id=run.id))


async def test_lists_hold_what_is_within_and_places_count_everybody_s(desk: Desk) -> None:
    experiment = await desk.experiment()
    first, run = await desk.begin(experiment), await desk.begin(experiment)
    ours, theirs = (desk.data.project_id,), (new_id(),)

    assert run.id in await _ids(desk, ListRuns(within=ours))
    assert experiment.id in await _ids(desk, ListExperiments(within=ours, sort="best"))
    assert run.job_id in await _ids(desk, ListJobs(within=ours))
    entries = {each.id: each for each in await desk.ask(ListQueue(within=ours))}
    everybody_s = {each.id: each for each in await desk.ask(ListQueue())}
    # When it starts is estimated from now on, so anew by each of the two.
    assert entries[run.job_id].position == everybody_s[run.job_id].position == 2
    await desk.ask(CancelRun(run_id=first.id))
    await desk.ask(CancelRun(run_id=run.id))
    assert run.job_id in await _ids(desk, ListQueueHistory(within=ours))
    for request in (ListRuns, ListExperiments, ListJobs, ListQueue, ListQueueHistory):
        assert await _ids(desk, request(within=theirs)) == set()
    named = {each.busy_with for node in await desk.ask(ListNodes(within=theirs)) for each in node.devices}
    assert named <= {None, "work of another project"}
