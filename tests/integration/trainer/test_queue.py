"""The queue as people see and change it; nobody works meanwhile but the test."""

import pytest

from libs.common.contracts.base import PageQuery
from libs.common.contracts.experiments import (
    DeleteExperiment,
    ExperimentFilter,
    ListExperiments,
    UpdateExperiment,
)
from libs.common.contracts.jobs import (
    CancelJob,
    GetJob,
    Job,
    JobCancelled,
    JobState,
    ListJobs,
)
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.queue import ListQueue, MoveJob, Place
from libs.common.contracts.run_facts import RunCancelled
from libs.common.contracts.runs import CancelRun, ListRuns, Run, RunState, StopRun
from libs.common.errors import BadInput, Conflict, NotFound
from libs.common.ids import new_id
from tests.factories import data_reference
from tests.integration.trainer.desk import Desk
from tests.integration.trainer.hand import Hand

pytestmark = pytest.mark.usefixtures("no_worker")


async def _waiting(desk: Desk) -> list[Job]:
    return [job for job in await desk.ask(ListQueue()) if job.state is JobState.QUEUED]


async def _titles(desk: Desk) -> list[str]:
    return [job.title.removeprefix("Train ") for job in await _waiting(desk)]


async def test_runs_are_numbered_and_wait_in_the_order_of_their_priority_and_coming(
    desk: Desk, hand: Hand
) -> None:
    experiment = await desk.experiment("Ordered")
    first, second = await desk.begin(experiment), await desk.begin(experiment)
    urgent = await desk.begin(experiment, priority=5)

    assert [run.name for run in (first, second, urgent)] == ["Ordered #1", "Ordered #2", "Ordered #3"]
    assert await _titles(desk) == ["Ordered #3", "Ordered #1", "Ordered #2"]
    for run in (urgent, first, second):
        await hand.takes(run)
    assert await hand.claims() is None


async def test_a_waiting_run_can_be_moved(desk: Desk, hand: Hand) -> None:
    experiment = await desk.experiment("Moved")
    runs = [await desk.begin(experiment) for _ in range(3)]
    first, second, third = runs

    await desk.ask(MoveJob(job_id=third.job_id, place=Place(before=first.job_id)))
    assert await _titles(desk) == ["Moved #3", "Moved #1", "Moved #2"]
    await desk.ask(MoveJob(job_id=third.job_id, place=Place(after=first.job_id)))
    assert await _titles(desk) == ["Moved #1", "Moved #3", "Moved #2"]

    for run in (first, third, second):
        await hand.takes(run)
    with pytest.raises(Conflict) as caught:
        await desk.ask(MoveJob(job_id=second.job_id, place=Place(before=first.job_id)))
    assert caught.value.code == "job_is_not_waiting"
    with pytest.raises(NotFound):
        await desk.ask(MoveJob(job_id=new_id(), place=Place(before=first.job_id)))


@pytest.mark.parametrize("way", ["run", "job", "stop"])
async def test_a_waiting_run_is_cancelled_at_once_whichever_way(desk: Desk, hand: Hand, way: str) -> None:
    run = await desk.begin()
    requests = {
        "run": CancelRun(run_id=run.id),
        "job": CancelJob(job_id=run.job_id),
        "stop": StopRun(run_id=run.id),
    }

    await desk.ask(requests[way])

    seen = await desk.look(run)
    assert (seen.state, seen.reason) == (RunState.CANCELLED, "cancelled on request")
    assert seen.finished_at is not None and seen.started_at is None
    assert (await desk.ask(GetJob(job_id=run.job_id))).state is JobState.CANCELLED
    assert await desk.house.wait_for(RunCancelled, run_id=run.id)
    assert await hand.claims() is None
    for request in (CancelRun(run_id=run.id), StopRun(run_id=run.id)):
        with pytest.raises(Conflict) as caught:
            await desk.ask(request)
        assert caught.value.code == "run_has_ended"


async def test_runs_and_jobs_are_listed_newest_first_page_by_page(desk: Desk, hand: Hand) -> None:
    experiment = await desk.experiment("Listed")
    runs = [await desk.begin(experiment) for _ in range(5)]
    await desk.ask(CancelRun(run_id=runs[1].id))

    async def page(cursor: str | None, **wanted: object) -> tuple[list[Run], str | None]:
        query = PageQuery(limit=2, cursor=cursor)
        found = await desk.ask(ListRuns(experiment_id=experiment.id, query=query, **wanted))
        return list(found.items), found.next_cursor

    one, cursor = await page(None)
    two, cursor = await page(cursor)
    three, end = await page(cursor)
    assert [run.id for run in [*one, *two, *three]] == [run.id for run in reversed(runs)]
    assert end is None
    cancelled, _ = await page(None, state=RunState.CANCELLED)
    assert [run.id for run in cancelled] == [runs[1].id]
    named, _ = await page(None, text="LISTED #4")
    assert [run.id for run in named] == [runs[3].id]
    assert await page(None, has_checkpoint=True) == ([], None)
    assert (await page(None, has_checkpoint=False, text="#5"))[0] == [runs[4]]
    listed = ListJobs(project_id=desk.data.project_id, kind="run.train", query=PageQuery(limit=2))
    jobs = await desk.ask(listed)
    assert [job.id for job in jobs.items] == [runs[4].job_id, runs[3].job_id]
    with pytest.raises(BadInput):
        await page("no cursor of ours")


async def test_experiments_are_listed_and_renamed_and_their_runs_keep_their_names(
    desk: Desk, hand: Hand
) -> None:
    experiment = await desk.experiment("Old name")
    run = await desk.begin(experiment)

    renamed = await desk.ask(UpdateExperiment(experiment_id=experiment.id, name="New name"))

    assert (renamed.name, renamed.last_run_id) == ("New name", run.id)
    of_project = ExperimentFilter(project_id=desk.data.project_id)
    newest = (await desk.ask(ListExperiments(filter=of_project))).items[0]
    assert dict(newest) == {name: getattr(renamed, name) for name in type(newest).model_fields}
    assert (await desk.look(run)).name == "Old name #1"
    assert (await desk.begin(experiment)).name == "New name #2"


async def test_a_device_that_no_worker_has_is_refused(desk: Desk) -> None:
    with pytest.raises(BadInput) as caught:
        await desk.begin(device="cuda:3")

    assert (caught.value.code, caught.value.errors[0].field) == ("device_unknown", "device")
    with pytest.raises(BadInput) as few:
        await desk.begin(await desk.experiment(num_devices=64), device="cpu")

    assert (few.value.code, few.value.errors[0].field) == ("devices_too_few", "config.num_devices")
    assert "64 devices" in few.value.detail


async def test_an_unknown_experiment_or_run_is_told_by_name(desk: Desk) -> None:
    for request, code in (
        (DeleteExperiment(experiment_id=new_id()), "experiment_not_found"),
        (CancelRun(run_id=new_id()), "run_not_found"),
        (GetJob(job_id=new_id()), "job_not_found"),
    ):
        with pytest.raises(NotFound) as caught:
            await desk.ask(request)
        assert caught.value.code == code


async def test_a_deleted_project_takes_its_waiting_runs_along(desk: Desk, hand: Hand) -> None:
    other = Desk(desk.house, desk.task, data_reference(classes=desk.data.classes))
    run = await other.begin()
    kept = await desk.begin()

    await desk.house.announce(ProjectDeleted(project_id=other.data.project_id, name="gone"))

    await desk.house.wait_for(JobCancelled, job_id=run.job_id)
    with pytest.raises(NotFound):
        await desk.look(run)
    assert [job.id for job in await _waiting(desk)] == [kept.job_id]
