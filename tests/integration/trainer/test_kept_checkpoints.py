"""Checkpoints of epochs, kept for a time: what something was made of stays, the rest goes with its bytes."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from libs.common import artifacts
from libs.common.contracts.attempts import RecordCheckpoint
from libs.common.contracts.base import now
from libs.common.contracts.checkpoints import Checkpoint, StartPoint
from libs.common.contracts.evaluations import EvaluateModel
from libs.common.contracts.exports import ExportFormat, ExportModel
from libs.common.contracts.jobs import JobSpec, JobState
from libs.common.contracts.retention import ChangeHistorySettings, HistorySettings
from libs.common.contracts.runs import CancelRun, Run
from libs.common.ids import new_id
from libs.common.jobs import JobQueue
from libs.common.room import Resources
from services.trainer.archiving import archive_once
from services.trainer.settings import Settings
from services.trainer.sweeping import sweep_once
from services.trainer.unit import open_unit
from tests.factories import evaluable
from tests.house import House
from tests.integration.trainer.desk import Desk
from tests.integration.trainer.hand import Hand

pytestmark = pytest.mark.usefixtures("no_worker")
KEPT_DAYS = 30
LEFT_BY_JOBS = {"epoch-2": JobState.COMPLETED, "epoch-3": JobState.QUEUED, "epoch-4": JobState.FAILED}
NAMES = ("best", "last", "epoch-1", *LEFT_BY_JOBS, "epoch-5")


@pytest.fixture
def resources(house: House) -> Resources[Settings]:
    return Resources("trainer", Settings(sweep_grace_seconds=0), house.bus, house.database, house.storage)


async def test_of_an_old_run_stay_best_and_last_and_what_something_was_made_of(
    desk: Desk, house: House, hand: Hand, resources: Resources[Settings]
) -> None:
    old, young = [await _trained(desk, hand, days) for days in (KEPT_DAYS + 1, KEPT_DAYS - 1)]
    kept = await desk.checkpoints(old)
    for name, state in LEFT_BY_JOBS.items():
        await _job(house, old, kept[name], state)
    start = StartPoint(run_id=old.id, checkpoint="epoch-5")
    begun = await desk.begin(await desk.experiment(), from_checkpoint=start)
    await desk.ask(CancelRun(run_id=begun.id))

    await archive_once(resources)
    assert set(await desk.checkpoints(old)) == set(NAMES), "for ever, until somebody says how long"
    try:
        await _keep(desk, KEPT_DAYS)
        with pytest.raises(ZeroDivisionError):
            async with open_unit(resources) as service:
                await service.archive.forget_old(now())
                raise ZeroDivisionError
        await _sweep(house, resources)
        assert len(await desk.keys_of(old.id)) == len(NAMES), "bytes go after the rows that name them"
        await archive_once(resources)
    finally:
        await _keep(desk, None)
    await _sweep(house, resources)

    stay = {"best", "last", "epoch-2", "epoch-3", "epoch-5"}
    assert set(await desk.checkpoints(old)) == stay
    assert await desk.keys_of(old.id) == {artifacts.package_card(kept[name].package) for name in stay}
    assert set(await desk.checkpoints(young)) == set(NAMES)
    assert len(await desk.keys_of(young.id)) == len(NAMES)


async def _trained(desk: Desk, hand: Hand, days: int) -> Run:
    """A run that has kept all of these, and has ended so many days ago."""
    run, lease = await hand.takes(await desk.begin())
    prefix = (await hand.starts(lease)).prefix
    for step, name in enumerate(NAMES):
        package = artifacts.package(prefix, name, step)
        await desk.house.storage.put_bytes(artifacts.package_card(package), b"{}")
        recorded = RecordCheckpoint(
            job_id=lease.job_id,
            token=lease.token,
            name=name,
            epoch=step,
            step=step,
            size_bytes=2,
            package=package,
        )
        await desk.ask(recorded)
    await _end(desk.house, run, days)
    return run


async def _job(house: House, run: Run, checkpoint: Checkpoint, state: JobState) -> None:
    """Of another room, in what has become of it."""
    model = evaluable(run.data, run_id=run.id, package=checkpoint.package, checkpoint=checkpoint.name)
    spec: JobSpec = EvaluateModel(evaluation_id=new_id(), model=model, subsets=("test",))
    if state is JobState.COMPLETED:
        spec = ExportModel(export_id=new_id(), model=model, format=ExportFormat.ONNX)
    async with house.database.transaction() as session:
        job_id = await JobQueue(session).enqueue(spec, project_id=run.project_id, title="Read it")
        await session.execute(
            text("UPDATE platform.job SET state = :state WHERE id = :id"),
            {"state": state.value, "id": job_id},
        )


async def _end(house: House, run: Run, days: int) -> None:
    """As if it had ended so long ago."""
    ended = "UPDATE trainer.runs SET state = 'completed', finished_at = :at WHERE id = :id"
    job = "UPDATE platform.job SET state = 'completed', device = NULL WHERE id = :id"
    async with house.database.transaction() as session:
        await session.execute(text(ended), {"at": now() - timedelta(days=days), "id": run.id})
        await session.execute(text(job), {"id": run.job_id})


async def _keep(desk: Desk, days: int | None) -> None:
    field = "epoch_checkpoints_kept_days"
    wanted = HistorySettings.model_validate({field: days})
    await desk.ask(ChangeHistorySettings(settings=wanted, changed=(field,)))


async def _sweep(house: House, resources: Resources[Settings]) -> None:
    """Without waiting for the time that those are given who read just now."""
    async with house.database.transaction() as session:
        await session.execute(text("UPDATE trainer.sweeps SET due_at = now()"))
    await sweep_once(resources)
