"""Jobs on devices: one each, or several of a node together, and never one for two."""

from uuid import UUID, uuid4

import pytest

from libs.common.contracts.jobs import WorkerIdentity
from libs.common.errors import StaleLease
from libs.common.jobs.model import JobRow
from libs.common.jobs.needs import needs_of, offered_by
from tests.integration.jobs.counter import Heat, Scheduler

pytestmark = pytest.mark.usefixtures("empty_queue")


def worker(device: str, num_devices: int, node: str = "a") -> WorkerIdentity:
    """Of a machine on which so many devices are, this one the first of them."""
    return WorkerIdentity(
        id=f"{node}:{device}",
        node=node,
        kinds=(Heat.kind,),
        capabilities=offered_by(device, num_devices),
        device=device,
    )


FIRST, SECOND, THIRD = worker("gpu0", 3), worker("gpu1", 2), worker("gpu2", 1)


async def wants(scheduler: Scheduler, num_devices: int, device: str = "cuda") -> UUID:
    needs = needs_of(device, num_devices)
    return await scheduler.enqueue(Heat(), needs=needs, num_devices=num_devices)


async def claims(scheduler: Scheduler, identity: WorkerIdentity) -> JobRow | None:
    return await scheduler.claim(identity, uuid4())


async def test_a_job_has_as_many_devices_as_it_needs_and_others_get_none_of_them(
    scheduler: Scheduler,
) -> None:
    both, single = await wants(scheduler, 2), await wants(scheduler, 1)

    taken = await claims(scheduler, FIRST)
    other = await claims(scheduler, THIRD)

    assert taken is not None and other is not None
    assert (taken.id, taken.device, taken.also_devices) == (both, "a/gpu0", ["a/gpu1"])
    assert (other.id, other.device, other.also_devices) == (single, "a/gpu2", [])
    waiting = await wants(scheduler, 1)
    assert await claims(scheduler, SECOND) is None
    assert taken.token is not None
    await scheduler.finish(taken.id, taken.token)
    last = await claims(scheduler, SECOND)
    assert last is not None and last.id == waiting


async def test_it_waits_while_one_of_them_is_busy_and_lets_smaller_ones_pass(scheduler: Scheduler) -> None:
    first = await wants(scheduler, 1)
    busy = await claims(scheduler, SECOND)
    assert busy is not None and busy.id == first
    await wants(scheduler, 2)
    small = await wants(scheduler, 1)

    passed = await claims(scheduler, FIRST)

    assert passed is not None and passed.id == small


async def test_only_a_worker_behind_which_there_are_enough_takes_it(scheduler: Scheduler) -> None:
    await wants(scheduler, 3)

    assert await claims(scheduler, SECOND) is None
    assert await claims(scheduler, worker("gpu0", 2, node="b")) is None
    taken = await claims(scheduler, FIRST)
    assert taken is not None and taken.also_devices == ["a/gpu1", "a/gpu2"]


async def test_processes_on_the_cpu_share_its_one_slot(scheduler: Scheduler) -> None:
    job = await wants(scheduler, 2, "cpu")

    taken = await claims(scheduler, worker("cpu", 4))

    assert taken is not None
    assert (taken.id, taken.device, taken.also_devices) == (job, "a/cpu", [])


async def test_who_was_cut_off_does_not_come_back_to_a_device_that_follows_another_one_now(
    scheduler: Scheduler, hasty: Scheduler
) -> None:
    lost = await wants(scheduler, 1)
    cut_off = await claims(hasty, SECOND)
    assert cut_off is not None and cut_off.token is not None
    await hasty.requeue_lost()
    both = await wants(scheduler, 2)
    await scheduler.move(both, before=lost)
    taken = await claims(scheduler, FIRST)
    assert taken is not None and taken.id == both

    with pytest.raises(StaleLease):
        await scheduler.beat(lost, cut_off.token, 0.5, "")
