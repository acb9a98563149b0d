"""What a lease gives a right to, and that it ends with the lease; this test is the worker."""

import httpx
import pytest

from libs.common import artifacts
from libs.common.contracts.attempts import RecordCheckpoint, SignAccess, StartAttempt
from libs.common.contracts.jobs import BeatJob, FinishJob, GetJob, JobState, Lease, ReleaseJob
from libs.common.contracts.run_facts import RunLost
from libs.common.contracts.runs import RunState
from libs.common.errors import Conflict, Forbidden, StaleLease
from libs.common.ids import new_id
from tests.integration.trainer.desk import Desk
from tests.integration.trainer.hand import Hand

pytestmark = pytest.mark.usefixtures("no_worker")
NOT_BELOW_ANY = "../datasets/secret.tar"


async def test_a_lease_reads_its_data_and_writes_below_its_attempt_and_nothing_else(
    desk: Desk, hand: Hand
) -> None:
    run, lease = await hand.takes(await desk.begin())
    start = await hand.starts(lease)
    assert (start.prefix, start.resume) == (artifacts.attempt_prefix(run.id, 1), None)
    other = artifacts.attempt_prefix((await desk.begin()).id, 1)
    shard = desk.data.shards[0].key
    own = f"{start.prefix}step-6/model.json"

    readable = await hand.signs(lease, "read", desk.data.manifest, shard, own)
    writable = await hand.signs(lease, "write", own)

    async with httpx.AsyncClient() as client:
        assert len((await client.get(readable[shard])).content) == desk.data.shards[0].size_bytes
        assert (await client.put(writable[own], content=b"{}")).is_success
        assert (await client.get(readable[own])).content == b"{}"
        # The right to read is none to write.
        assert (await client.put(readable[shard], content=b"")).status_code == 403
    for access, key in (
        ("read", f"{other}step-6/model.json"),
        ("read", f"datasets/{new_id()}/manifests/{new_id()}.parquet"),
        ("read", f"{start.prefix}{NOT_BELOW_ANY}"),
        ("write", shard),
        ("write", f"{other}step-6/model.json"),
        ("write", f"{artifacts.attempt_prefix(run.id, 2)}step-6/model.json"),
        ("write", f"{start.prefix}{NOT_BELOW_ANY}"),
    ):
        with pytest.raises(Forbidden) as caught:
            # One foreign key among good ones spoils all.
            await hand.signs(lease, access, own, key)
        assert (caught.value.status, caught.value.code) == (403, "key_is_foreign")
        assert key in caught.value.detail
    for change in ({"package": f"{other}step-6/"}, {"resume": f"{other}resume-6.ckpt"}):
        with pytest.raises(Forbidden):
            await desk.ask(_checkpoint(lease, start.prefix).model_copy(update=change))
    assert await desk.checkpoints(run) == {}


async def test_a_lease_given_back_gives_no_right_any_more(desk: Desk, hand: Hand) -> None:
    run, first = await hand.takes(await desk.begin())
    start = await hand.starts(first)
    await desk.ask(_checkpoint(first, start.prefix))
    await desk.ask(ReleaseJob(job_id=first.job_id, token=first.token))

    _, second = await hand.takes(run)

    job, token = first.job_id, first.token
    for request in (
        SignAccess(job_id=job, token=token, access="read", keys=(desk.data.manifest,)),
        StartAttempt(job_id=job, token=token),
        _checkpoint(first, start.prefix),
        BeatJob(job_id=job, token=token, progress=0.5, message=""),
        FinishJob(job_id=job, token=token),
        SignAccess(job_id=job, token=new_id(), access="read", keys=(desk.data.manifest,)),
    ):
        with pytest.raises(StaleLease):
            await desk.ask(request)
    goes_on = await hand.starts(second)
    assert (goes_on.run.attempt, goes_on.resume_epoch, goes_on.resume_step) == (2, 1, 6)
    assert goes_on.resume == artifacts.resume_state(start.prefix, 6)
    # Asked once more, since the answer may have been lost, it is the same attempt.
    assert (await hand.starts(second)).prefix == goes_on.prefix


async def test_bytes_are_written_only_within_an_attempt(desk: Desk, hand: Hand) -> None:
    run, lease = await hand.takes(await desk.begin())

    with pytest.raises(StaleLease):
        await hand.signs(lease, "write", f"{artifacts.attempt_prefix(run.id, 1)}step-6/model.json")


async def test_a_run_without_a_checkpoint_cannot_complete(desk: Desk, hand: Hand) -> None:
    run, lease = await hand.takes(await desk.begin())
    await hand.starts(lease)
    outcome = {"num_epochs": 1, "num_steps": 6, "metrics": {}}

    with pytest.raises(Conflict) as caught:
        await desk.ask(FinishJob(job_id=lease.job_id, token=lease.token, result=outcome))

    assert caught.value.code == "run_has_no_model"
    assert (await desk.ask(GetJob(job_id=run.job_id))).state is JobState.RUNNING


async def test_a_first_beat_that_overtakes_the_start_of_the_attempt_does_not_make_it_running(
    desk: Desk, hand: Hand
) -> None:
    run, first = await hand.takes(await desk.begin())
    await hand.starts(first)
    await desk.ask(ReleaseJob(job_id=first.job_id, token=first.token))
    _, second = await hand.takes(run)

    await desk.ask(BeatJob(job_id=second.job_id, token=second.token, progress=0, message=""))

    assert (await desk.look(run)).state is RunState.QUEUED


async def test_a_worker_that_was_only_cut_off_goes_on_with_what_it_seemed_to_have_lost(
    desk: Desk, hand: Hand
) -> None:
    run, lease = await hand.takes(await desk.begin())
    start = await hand.starts(lease)
    await desk.house.wait_for(RunLost, run_id=run.id)
    await desk.until(run, RunState.QUEUED)

    await desk.ask(BeatJob(job_id=lease.job_id, token=lease.token, progress=0.5, message="still here"))

    assert [state for state, _ in await desk.life(run)] == [
        *("queued", "preparing", "lost", "queued", "running")
    ]
    outcome = {"num_epochs": 1, "num_steps": 6, "metrics": {"accuracy": 1.0}}
    await desk.ask(_checkpoint(lease, start.prefix))
    await desk.ask(FinishJob(job_id=lease.job_id, token=lease.token, result=outcome))
    # Asked again it changes nothing.
    await desk.ask(FinishJob(job_id=lease.job_id, token=lease.token, result=outcome))
    ended = await desk.look(run)
    assert (ended.state, ended.attempt) == (RunState.COMPLETED, 1)
    assert [state for state, _ in await desk.life(run)].count("completed") == 1


def _checkpoint(lease: Lease, prefix: str, name: str = "last") -> RecordCheckpoint:
    return RecordCheckpoint(
        job_id=lease.job_id,
        token=lease.token,
        name=name,
        epoch=0,
        step=6,
        size_bytes=10,
        package=artifacts.package(prefix, "step", 6),
        resume=artifacts.resume_state(prefix, 6),
        metrics={"accuracy": 1.0},
    )
