"""Why jobs wait and when they start: said only where it is known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.common.contracts.jobs import Pool
from libs.common.contracts.queue import QueueSettings
from services.trainer.outlook import MOMENT, TURN, Outlook, Running, Waiting, Worker

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CPU = Worker(frozenset({"run.train"}), frozenset({"cpu"}), "a/cpu")
GPU0 = Worker(frozenset({"run.train", "run.evaluate"}), frozenset({"gpu", "gpu0"}), "b/gpu0")
GPU1 = Worker(frozenset({"run.train", "run.evaluate"}), frozenset({"gpu", "gpu1"}), "b/gpu1")
PACKER = Worker(frozenset({"dataset.import"}), frozenset(), None)


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def running(device: str = "a/cpu", progress: float = 0.5, **changes: Any) -> Running:
    fields = {"kind": "run.train", "started_at": minutes(-10), "attempt": 1} | changes
    return Running(device=device, progress=progress, **fields)


def waiting(*needs: str, kind: str = "run.train", **changes: Any) -> Waiting:
    fields: dict[str, Any] = {"needs_device": True, "not_before": None, "duration_seconds": 600.0} | changes
    return Waiting(uuid4(), kind, frozenset(needs), **fields)


def told(
    jobs: Sequence[Waiting],
    workers: Sequence[Worker] = (CPU,),
    busy: Sequence[Running] = (),
    **settings: Any,
) -> list[tuple[str, datetime | None]]:
    prospects = Outlook(NOW, QueueSettings(**settings), workers, busy).prospects(jobs)
    return [(prospects[job.id].waits_for, prospects[job.id].starts_at) for job in jobs]


def test_the_first_starts_now_on_a_free_device_and_the_next_when_it_has_been_trained():
    assert told([waiting(), waiting()]) == [(MOMENT, NOW), (TURN, minutes(10))]


def test_a_busy_device_is_free_when_the_rest_of_its_run_is_done():
    assert told([waiting()], busy=[running(progress=0.25)]) == [
        ("every device that fits is busy", minutes(30))
    ]


@pytest.mark.parametrize("job", [running(progress=0.01), running(attempt=2), running(started_at=None)])
def test_nothing_is_estimated_behind_a_run_of_which_too_little_is_known(job):
    assert [start for _, start in told([waiting(), waiting()], busy=[job])] == [None, None]


def test_nothing_is_estimated_behind_work_that_was_never_done_before():
    assert [start for _, start in told([waiting(duration_seconds=None), waiting()])] == [NOW, None]


def test_a_free_device_is_taken_at_once_even_if_nobody_knows_how_long_the_other_is_busy():
    busy = [running("b/gpu0", progress=0.0)]
    assert told([waiting("gpu")], [GPU0, GPU1], busy) == [(MOMENT, NOW)]


@pytest.mark.parametrize(
    "job, words",
    [
        (waiting("gpu"), "no worker with a GPU is here"),
        (waiting("gpu1"), "no worker with GPU 1 is here"),
        (waiting(kind="run.evaluate"), "no worker for this is here"),
        (waiting(kind="dataset.import", needs_device=False), "no worker for this is here"),
    ],
)
def test_what_nobody_present_can_do_says_so_and_stands_in_nobodys_way(job, words):
    assert told([job, waiting()]) == [(words, None), (MOMENT, NOW)]


def test_a_cpu_is_missed_by_its_name():
    assert told([waiting("cpu")], [GPU0]) == [("no worker with a CPU slot is here", None)]


def test_each_gpu_is_chosen_by_its_number():
    jobs = [waiting("gpu1"), waiting("gpu0"), waiting("gpu")]
    assert [start for _, start in told(jobs, [GPU0, GPU1])] == [NOW, NOW, minutes(10)]


def test_work_without_a_device_waits_for_a_worker_only():
    job = waiting(kind="dataset.import", needs_device=False)
    assert told([job], [PACKER, CPU], [running()]) == [("the next free worker takes it", None)]


def test_a_paused_queue_holds_runs_and_nothing_else():
    jobs = [waiting(), waiting(kind="run.evaluate")]
    assert told(jobs, [GPU0], is_paused=True) == [("the queue is paused", None), (MOMENT, NOW)]


def test_a_limit_is_named_with_what_runs_and_ends_with_the_first_of_them():
    busy = [running("b/gpu0", 0.5), running("b/gpu1", 0.25)]
    found = told([waiting()], [CPU, GPU0, GPU1], busy, max_running=2)
    assert found == [("the limit is reached: 2 of 2 runs at once", minutes(10))]


def test_after_a_limit_was_lowered_enough_runs_must_end_first():
    busy = [running("b/gpu0", 0.5), running("b/gpu1", 0.25)]
    assert told([waiting()], [CPU, GPU0, GPU1], busy, max_running=1) == [
        ("the limit is reached: 2 of 1 runs at once", minutes(30))
    ]


def test_a_limit_of_a_pool_leaves_the_other_pool_free():
    limits = {Pool.GPU: 1}
    jobs = [waiting("gpu"), waiting()]
    found = told(jobs, [CPU, GPU0, GPU1], [running("b/gpu0", 0.5)], max_running_by_pool=limits)
    assert found == [("the limit is reached: 1 on gpu", minutes(10)), (MOMENT, NOW)]


def test_other_work_on_the_devices_does_not_count_as_a_run():
    found = told([waiting()], [CPU, GPU0], [running("b/gpu0", kind="run.evaluate")], max_running=1)
    assert found == [(MOMENT, NOW)]


def test_a_retry_says_when_it_comes():
    job = waiting(not_before=minutes(1.5))
    assert told([job, waiting()]) == [("it is tried again at 12:01:30 UTC", None), (MOMENT, NOW)]


def test_a_run_on_several_devices_waits_for_all_of_them_and_keeps_them_all():
    together = Worker(GPU0.kinds, frozenset({"gpu", "gpu0", "x2"}), GPU0.device)
    both, single = waiting("gpu", "x2", num_devices=2), waiting("gpu1")
    busy = [running("b/gpu1", progress=0.5)]

    assert told([both, single], (together, GPU1), busy) == [
        (TURN, minutes(10)),
        ("every device that fits is busy", minutes(20)),
    ]
    held = [running("b/gpu0", progress=0.5, also=("b/gpu1",))]
    assert told([single], (together, GPU1), held) == [(TURN, minutes(10))]


def test_devices_that_no_machine_has_together_are_told_by_their_number():
    assert told([waiting("gpu", "x4", num_devices=4)], (GPU0, GPU1)) == [
        ("no worker with 4 devices is here", None)
    ]
