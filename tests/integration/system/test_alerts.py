"""Alerts: raised once, told, kept, and cleared once."""

import pytest

from libs.common.contracts.base import PageQuery
from libs.common.contracts.retention import AlertLimits, ChangeAlertLimits
from libs.common.contracts.system import HOUSE, Alert, AlertKind, AlertSeverity, ListAlerts
from libs.common.errors import BadInput
from tests.integration.system.watch import NODE, Watch
from tests.unit.trainer.machines import GB, reading

DAY = 24 * 3600


async def open_alerts(watch: Watch) -> tuple[Alert, ...]:
    return await alerts(watch, is_open=True)


async def alerts(watch: Watch, is_open: bool | None = None) -> tuple[Alert, ...]:
    async with watch.unit() as unit:
        return (await unit.alerts.list_alerts(ListAlerts(is_open=is_open))).items


async def told(watch: Watch) -> list[tuple[str, str]]:
    return [(kind, payload.get("severity", "")) for kind, payload in await watch.facts()]


async def test_heat_is_raised_once_gets_worse_once_and_is_cleared_once(watch: Watch) -> None:
    course = [70, 86, 84, 87, 96, 93, 96, 91, 86, 81, 80]
    for number, celsius in enumerate(course):
        await watch.tell(10 * number, reading(gpu={"temperature_celsius": celsius}))

    assert await told(watch) == [
        ("alert.raised", "warning"),
        ("alert.raised", "critical"),
        ("alert.cleared", ""),
    ]
    (alert,) = await alerts(watch)
    assert (alert.node, alert.part, alert.kind) == (NODE, "gpu0", AlertKind.TEMPERATURE)
    assert (alert.raised_at, alert.cleared_at) == (watch.at(10), watch.at(90))
    assert [payload["alert_id"] for _, payload in await watch.facts()] == [str(alert.id)] * 3
    assert (await watch.facts())[-1][1]["duration_seconds"] == 80


async def test_what_is_hot_again_later_is_another_alert(watch: Watch) -> None:
    for number, celsius in enumerate((90, 60, 90)):
        await watch.tell(10 * number, reading(cpu={"temperature_celsius": celsius}))
    first, second = reversed(await alerts(watch))
    assert first.cleared_at == watch.at(10)
    assert await open_alerts(watch) == (second,)
    assert (await watch.node(20)).alerts == (second,)


async def test_disks_and_memory_have_alerts_of_their_own(watch: Watch) -> None:
    await watch.tell(0, reading(free_bytes=GB, used_bytes=16 * GB))
    found = {alert.part: alert for alert in await open_alerts(watch)}
    assert {part: alert.severity for part, alert in found.items()} == {
        "disk-scratch": AlertSeverity.CRITICAL,
        "memory": AlertSeverity.WARNING,
    }
    assert found["disk-scratch"].message == "1.0 of 500 GB are free for scratch and data"
    await watch.tell(10, reading(used_bytes=16 * GB))
    assert [alert.part for alert in await open_alerts(watch)] == ["memory"]


async def test_what_is_measured_no_more_is_not_complained_about(watch: Watch) -> None:
    await watch.tell(0, reading(gpu={"temperature_celsius": 99}))
    await watch.tell(10, reading())
    assert await open_alerts(watch) == ()


async def test_a_silent_node_is_an_alert_only_while_it_has_a_run(watch: Watch) -> None:
    await watch.tell(0)
    await watch.look_for_silence(40)
    assert await open_alerts(watch) == ()

    await watch.run_on("gpu0")
    await watch.look_for_silence(29)
    assert await open_alerts(watch) == ()
    await watch.look_for_silence(31)
    await watch.look_for_silence(33)
    (alert,) = await open_alerts(watch)
    assert (alert.part, alert.kind, alert.severity) == ("node", AlertKind.AWAY, AlertSeverity.CRITICAL)
    assert alert.message == "It is not heard of, and has the run “Leaves #1”"
    assert await told(watch) == [("alert.raised", "critical")]

    await watch.tell(100)
    await watch.tell(102)
    assert await open_alerts(watch) == ()
    assert (await told(watch))[1:] == [("alert.cleared", "")]


async def test_alerts_are_listed_newest_first_by_node_and_by_whether_they_are_open(watch: Watch) -> None:
    for number in range(3):
        await watch.tell(20 * number, reading(used_bytes=16 * GB))
        await watch.tell(20 * number + 10)
    await watch.tell(70, reading(used_bytes=16 * GB), node="cellar")

    async with watch.unit() as unit:
        page = await unit.alerts.list_alerts(ListAlerts(query=PageQuery(limit=2)))
        rest = await unit.alerts.list_alerts(ListAlerts(query=PageQuery(limit=2, cursor=page.next_cursor)))
        closed = await unit.alerts.list_alerts(ListAlerts(node=NODE, is_open=False))
    assert [alert.raised_at for alert in (*page.items, *rest.items)] == [
        watch.at(seconds) for seconds in (70, 40, 20, 0)
    ]
    assert page.items[0].node == "cellar" and page.items[0].cleared_at is None
    assert [alert.raised_at for alert in closed.items] == [watch.at(seconds) for seconds in (40, 20, 0)]


async def test_alerts_that_are_over_are_kept_as_long_as_summaries(watch: Watch) -> None:
    await watch.tell(0, reading(used_bytes=16 * GB))
    await watch.tell(10)
    await watch.tell(90 * DAY, reading(free_bytes=GB))
    await watch.keep_house(90 * DAY + 9)
    assert [alert.kind for alert in await alerts(watch)] == [AlertKind.DISK, AlertKind.MEMORY]
    await watch.keep_house(90 * DAY + 11)
    assert [alert.kind for alert in await alerts(watch)] == [AlertKind.DISK]


async def test_a_job_that_no_worker_asks_for_is_told_and_over_when_it_is_taken_or_the_queue_is_paused(
    watch: Watch,
) -> None:
    _, lease = await watch.run_on("cpu")
    await watch.set_back(lease, seconds=600)
    await watch.look_at_queue(0)
    (alert,) = await open_alerts(watch)
    assert (alert.node, alert.part, alert.kind) == (HOUSE, "queue-run.train", AlertKind.QUEUE)
    assert alert.severity is AlertSeverity.CRITICAL
    assert alert.message == "A job (run.train) waits 10 minutes, and no worker asks for it"

    await watch.pause(True)
    await watch.look_at_queue(10)
    assert await open_alerts(watch) == ()
    await watch.pause(False)
    await watch.look_at_queue(20)
    assert len(await open_alerts(watch)) == 1
    await watch.finish(lease)
    await watch.look_at_queue(30)
    assert await open_alerts(watch) == ()
    assert [kind for kind, _ in await told(watch)] == ["alert.raised", "alert.cleared"] * 2


async def test_limits_are_changed_while_the_house_runs_and_hold_from_the_next_reading(watch: Watch) -> None:
    warm = reading(cpu={"temperature_celsius": 70.0})
    await watch.tell(0, warm)
    assert await open_alerts(watch) == ()
    try:
        async with watch.unit() as unit:
            limits = AlertLimits(temperature_warning_celsius=60)
            changed = ChangeAlertLimits(settings=limits, changed=("temperature_warning_celsius",))
            assert (await unit.alerts.change_limits(changed)).temperature_critical_celsius == 95
        await watch.tell(10, warm)
        assert [alert.severity for alert in await open_alerts(watch)] == [AlertSeverity.WARNING]
        with pytest.raises(BadInput) as refused:
            async with watch.unit() as unit:
                limits = AlertLimits(temperature_critical_celsius=50)
                changed = ChangeAlertLimits(settings=limits, changed=("temperature_critical_celsius",))
                await unit.alerts.change_limits(changed)
        assert [each.field for each in refused.value.errors] == ["alerts.temperature_critical_celsius"]
        async with watch.unit() as unit:
            assert (await unit.alerts.limits()).temperature_critical_celsius == 95
    finally:
        async with watch.unit() as unit:
            back = ChangeAlertLimits(settings=AlertLimits(), changed=("temperature_warning_celsius",))
            await unit.alerts.change_limits(back)
