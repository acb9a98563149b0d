"""What the queue tells of itself, and what holds it back; nobody works meanwhile but the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from libs.common.contracts.base import PageQuery
from libs.common.contracts.jobs import BeatJob, CancelJob, ClaimJob, FailJob, Lease, WorkerIdentity
from libs.common.contracts.queue import (
    ChangeQueueSettings,
    GetQueueSettings,
    ListQueue,
    ListQueueHistory,
    MoveJob,
    Place,
    QueueEntry,
    QueueSettings,
    RemoveFromQueue,
)
from libs.common.contracts.runs import CancelRun, Run, RunState
from libs.common.errors import BadInput, Conflict
from tests.integration.trainer.desk import Desk

pytestmark = pytest.mark.usefixtures("no_worker")


@dataclass
class Workers:
    """Each on a node of its own; what they have taken is given up after the test."""

    desk: Desk
    leases: list[Lease] = field(default_factory=list)

    async def claim(self, device: str = "cpu") -> Lease | None:
        node = f"n-{uuid4().hex[:8]}"
        capabilities = ("gpu", device) if device.startswith("gpu") else (device,)
        worker = WorkerIdentity(
            id=f"{node}:1", node=node, kinds=("run.train",), capabilities=capabilities, device=device
        )
        lease = await self.desk.ask(ClaimJob(worker=worker, token=uuid4()))
        self.leases += [lease] if lease else []
        return lease

    async def leave(self) -> None:
        for lease in self.leases:
            await self.desk.ask(FailJob(job_id=lease.job_id, token=lease.token, code="left", detail=""))
        for entry in await self.desk.ask(ListQueue()):
            await self.desk.ask(CancelJob(job_id=entry.id))
        async with self.desk.house.database.transaction() as session:
            await session.execute(text("UPDATE trainer.workers SET last_seen_at = now() - interval '1 hour'"))


async def empty(desk: Desk) -> None:
    """What others have taken and not given back counts as running until its lease is over."""
    async with asyncio.timeout(60):
        while left := await desk.ask(ListQueue()):
            for entry in left:
                with suppress(Conflict):
                    await desk.ask(CancelJob(job_id=entry.id))
            await asyncio.sleep(0.2)


async def change(desk: Desk, **settings: Any) -> QueueSettings:
    wanted = QueueSettings.model_validate(settings)
    return await desk.ask(ChangeQueueSettings(settings=wanted, changed=tuple(settings)))


@pytest_asyncio.fixture(autouse=True)
async def workers(desk: Desk) -> AsyncIterator[Workers]:
    workers = Workers(desk)
    await empty(desk)
    yield workers
    await workers.leave()
    await change(desk, **QueueSettings().model_dump())


async def entries(desk: Desk, *runs: Run) -> list[QueueEntry]:
    found = {entry.run_id: entry for entry in await desk.ask(ListQueue())}
    return [found[run.id] for run in runs]


async def test_the_queue_says_who_runs_how_far_and_who_waits_for_what(desk: Desk, workers: Workers) -> None:
    experiment = await desk.experiment("Told")
    first, second, third = [await desk.begin(experiment) for _ in range(3)]
    lease = await workers.claim()
    assert lease
    await desk.ask(BeatJob(job_id=lease.job_id, token=lease.token, progress=0.4, message="epoch 2 of 5"))

    running, *waiting = await entries(desk, first, second, third)

    assert (running.position, running.progress, running.message) == (None, 0.4, "epoch 2 of 5")
    assert [entry.position for entry in waiting] == [1, 2]
    assert all(entry.waits_for and entry.experiment_id == experiment.id for entry in waiting)


async def test_a_run_that_no_present_worker_can_do_says_so_and_is_passed_by(
    desk: Desk, workers: Workers
) -> None:
    """A GPU was there once, so the run is accepted."""
    assert await workers.claim("gpu0") is None
    await workers.leave()
    on_gpu, anywhere = await desk.begin(device="gpu"), await desk.begin()

    assert (await entries(desk, on_gpu))[0].waits_for == "no worker with a GPU is here"
    first = await workers.claim()
    assert first and first.job_id == anywhere.job_id
    lease = await workers.claim("gpu1")
    assert lease and lease.job_id == on_gpu.job_id


async def test_two_workers_at_the_last_place_get_one_run_between_them(desk: Desk, workers: Workers) -> None:
    await change(desk, max_running=2)
    runs = [await desk.begin() for _ in range(4)]
    first = await workers.claim()
    rest = await asyncio.gather(*(workers.claim() for _ in range(4)))

    taken = [lease.job_id for lease in (first, *rest) if lease]
    assert taken == [run.job_id for run in runs[:2]]
    waiting = (await entries(desk, runs[2]))[0]
    assert (waiting.position, waiting.waits_for) == (1, "the limit is reached: 2 of 2 runs at once")


async def test_each_pool_has_its_own_limit(desk: Desk, workers: Workers) -> None:
    await change(desk, max_running_by_pool={"gpu": 1})
    for _ in range(3):
        await desk.begin()
    assert await workers.claim("gpu0")
    assert await workers.claim("gpu0") is None
    assert await workers.claim()


async def test_a_paused_queue_starts_nothing_until_it_goes_on(desk: Desk, workers: Workers) -> None:
    run = await desk.begin()
    paused = await change(desk, is_paused=True)
    assert await workers.claim() is None
    assert (await entries(desk, run))[0].waits_for == "the queue is paused"
    assert (paused.is_paused, await desk.ask(GetQueueSettings())) == (True, paused)
    await change(desk, is_paused=False)
    assert await workers.claim()


async def test_runs_are_moved_and_removed_by_their_own_ids(desk: Desk) -> None:
    a, b = await desk.begin(), await desk.begin()
    await desk.ask(MoveJob(job_id=b.id, place=Place(before=a.id)))
    assert [entry.position for entry in await entries(desk, a, b)] == [2, 1]

    await desk.ask(RemoveFromQueue(job_id=b.id))

    assert (await desk.look(b)).state is RunState.CANCELLED
    for nobody in (uuid4(), a.id, a.job_id):
        with pytest.raises(BadInput) as caught:
            await desk.ask(MoveJob(job_id=a.id, place=Place(after=nobody)))
        assert (caught.value.code, caught.value.errors[0].field) == ("neighbour_unknown", "after")


async def test_the_history_holds_what_has_ended_by_state_kind_and_time(desk: Desk) -> None:
    runs = [await desk.begin() for _ in range(3)]
    for run in runs:
        await desk.ask(CancelRun(run_id=run.id))

    async def page(**wanted: Any) -> list[QueueEntry]:
        return list((await desk.ask(ListQueueHistory(project_id=desk.data.project_id, **wanted))).items)

    newest = await page(query=PageQuery(limit=3), state="cancelled", kind="run.train")
    assert [entry.run_id for entry in newest] == [run.id for run in reversed(runs)]
    assert all(entry.position is None and entry.waits_for == "" for entry in newest)
    since = newest[1].finished_at
    assert [entry.run_id for entry in await page(since=since)] == [runs[2].id, runs[1].id]
    assert runs[1].id not in [entry.run_id for entry in await page(until=since)]
    assert {entry.kind for entry in await page(kind="run.evaluate")} <= {"run.evaluate"}
    for cursor in ("nonsense", f"2026-01-01/{runs[0].id}x", "2026/"):
        with pytest.raises(BadInput):
            await page(query=PageQuery(cursor=cursor))
