"""Nodes: who speaks for them, what is kept of what they tell, what is shown of it."""

import pytest

from libs.common.contracts.jobs import WorkerIdentity
from libs.common.errors import BadInput, NotFound
from tests.integration.system.watch import NODE, Watch
from tests.unit.trainer.machines import GB, reading

HOUR = 3600
DAY = 24 * HOUR


async def test_of_several_processes_on_a_node_one_is_heard_until_it_falls_silent(watch: Watch) -> None:
    heard = [(await watch.tell(at, teller=teller)).is_heard for at, teller in (
        (0, "one"), (1, "two"), (2, "one"), (11, "two"), (12.1, "two"), (13, "one"),
    )]  # fmt: skip
    assert heard == [True, False, True, False, True, False]
    assert await watch.count(10) == 2
    assert (await watch.tell(14, teller="two")).next_seconds == 2
    assert (await watch.tell(15, teller="one")).next_seconds == 10


async def test_a_node_shows_its_last_reading_and_is_away_when_it_is_silent(watch: Watch) -> None:
    await watch.tell(0, reading(cpu={"use": 0.25}))
    await watch.tell(2, reading(cpu={"use": 0.75}))
    seen = await watch.node(31.9)
    assert seen.reading is not None and seen.reading.cpu.use == 0.75
    assert (seen.is_away, seen.last_seen_at) == (False, watch.at(2))
    assert (await watch.node(32)).is_away
    await watch.tell(60)
    assert not (await watch.node(60)).is_away


async def test_a_device_is_shown_with_its_name_its_memory_and_the_run_that_has_it(watch: Watch) -> None:
    run_id, lease = await watch.run_on("gpu0")
    async with watch.unit() as unit:
        await unit.repository.workers.see(_worker("gpu0"))
    await watch.tell(0, reading(gpu={"memory_total_bytes": 16 * GB}))
    (device,) = (await watch.node(0)).devices
    assert (device.id, device.name, device.memory_bytes) == ("gpu0", "NVIDIA T4", 16 * GB)
    assert (device.busy_with, device.run_id) == ("Train Leaves #1", run_id)
    await watch.finish(lease)
    (device,) = (await watch.node(0)).devices
    assert (device.busy_with, device.run_id) == (None, None)


async def test_history_has_one_point_for_each_ten_seconds_and_none_where_nothing_was_told(
    watch: Watch,
) -> None:
    for at in (0, 2, 9.9, 10, 12, 40):
        told = reading(cpu={"use": at / 100}, gpu={"use": 0.5, "temperature_celsius": 50 + at})
        await watch.tell(at, told)
    found = await watch.history(0, 60)
    parts = {part.part: part for part in found.parts}
    assert found.seconds == 10
    assert sorted(parts) == ["cpu", "disk-scratch", "gpu0"]
    assert parts["cpu"].at == (watch.at(0), watch.at(10), watch.at(40))
    assert parts["cpu"].use == (0, 0.1, 0.4)
    assert parts["cpu"].memory == (0.25, 0.25, 0.25)
    assert parts["gpu0"].temperature_celsius == (50, 60, 90)
    assert parts["gpu0"].power_watts == (None, None, None)
    assert parts["disk-scratch"].use == (0.6, 0.6, 0.6)


async def test_a_long_period_is_put_together_means_of_use_and_peaks_of_heat(watch: Watch) -> None:
    for number in range(60):
        celsius = 99.0 if number == 33 else 60.0
        await watch.tell(10 * number, reading(cpu={"use": (number % 2) / 2, "temperature_celsius": celsius}))
    found = await watch.history(0, 600, max_points=10)
    cpu = next(part for part in found.parts if part.part == "cpu")
    assert found.seconds == 60
    assert cpu.at == tuple(watch.at(60 * number) for number in range(10))
    assert cpu.use == (0.25,) * 10
    assert cpu.temperature_celsius == tuple(99 if number == 5 else 60 for number in range(10))


async def test_readings_become_summaries_and_go_when_their_time_is_over(watch: Watch) -> None:
    for number in range(90):
        await watch.tell(10 * number, reading(cpu={"use": 0.1 if number < 30 else 0.3}))
    await watch.keep_house(899)
    assert (await watch.count(10), await watch.count(300)) == (90, 2)
    # Again and later: nothing is summed up twice, and the last stretch when it is over.
    await watch.keep_house(899)
    await watch.keep_house(950)
    assert (await watch.count(10), await watch.count(300)) == (90, 3)

    await watch.keep_house(2 * DAY + 300)
    assert (await watch.count(10), await watch.count(300)) == (60, 3)
    await watch.tell(3 * DAY)
    await watch.keep_house(3 * DAY)
    found = await watch.history(-1 * DAY, 3 * DAY, max_points=2000, at=3 * DAY)
    cpu = next(part for part in found.parts if part.part == "cpu")
    assert (found.seconds, cpu.at[:3]) == (300, (watch.at(0), watch.at(300), watch.at(600)))
    assert cpu.use[:3] == pytest.approx((0.1, 0.3, 0.3))

    await watch.tell(90 * DAY + 400)
    await watch.keep_house(90 * DAY + 400)
    assert await watch.count(300) == 2


async def test_a_long_period_shows_what_is_not_summed_up_yet(watch: Watch) -> None:
    for number in range(40):
        await watch.tell(10 * number, reading(cpu={"use": 0.5}))
    await watch.keep_house(400)
    found = await watch.history(-7 * DAY, HOUR, max_points=2000)
    cpu = next(part for part in found.parts if part.part == "cpu")
    assert (found.seconds, cpu.at, cpu.use) == (600, (watch.at(0),), (0.5,))
    recent = await watch.history(-DAY, HOUR)
    cpu = next(part for part in recent.parts if part.part == "cpu")
    assert (recent.seconds, cpu.at) == (300, (watch.at(0), watch.at(300)))


async def test_a_node_that_is_gone_for_good_is_forgotten_with_its_readings(watch: Watch) -> None:
    await watch.tell(0, reading(used_bytes=16 * GB))
    await watch.keep_house(7 * DAY - 1)
    assert (await watch.node(0)).name == NODE
    await watch.keep_house(7 * DAY + 1)
    with pytest.raises(NotFound):
        await watch.node(0)
    assert await watch.count(300) == 0
    assert [kind for kind, _ in await watch.facts()] == ["alert.raised", "alert.cleared"]


async def test_a_history_of_no_node_or_of_no_time_is_refused(watch: Watch) -> None:
    with pytest.raises(NotFound) as unknown:
        await watch.history(0, 60)
    assert unknown.value.code == "node_not_found"
    await watch.tell(0)
    with pytest.raises(BadInput) as empty:
        await watch.history(60, 60)
    assert [problem.field for problem in empty.value.errors] == ["until"]


async def test_energy_goes_to_the_run_that_has_the_device(watch: Watch) -> None:
    run_id, lease = await watch.run_on("gpu0")
    other, _ = await watch.run_on("cpu", node="cellar")
    for at, joules in ((0, 1000.0), (2, 1300.0), (4, 1900.0)):
        await watch.tell(at, reading(gpu={"energy_joules": joules}, cpu={"energy_joules": joules}))
    assert (await watch.energy(run_id), await watch.energy(other)) == (900, None)

    # A counter that began anew, and another process that counts from elsewhere, tell no difference.
    await watch.tell(6, reading(gpu={"energy_joules": 5.0}))
    await watch.tell(8, reading(gpu={"energy_joules": 105.0}))
    await watch.tell(30, reading(gpu={"energy_joules": 7000.0}), teller="two")
    assert await watch.energy(run_id) == 1000
    await watch.finish(lease)
    await watch.tell(32, reading(gpu={"energy_joules": 8000.0}), teller="two")
    assert await watch.energy(run_id) == 1000


def _worker(device: str) -> WorkerIdentity:
    return WorkerIdentity(id=f"{NODE}:1:x", node=NODE, kinds=("run.train",), device=device)
