"""From where a machine is worth an alert, and when it is well again."""

from typing import Any

import pytest

from libs.common.contracts.system import AlertKind, AlertSeverity, DiskReading, NodeReading
from libs.common.jobs.backlog import Backlog
from services.trainer.alerting import Served, Watched, watched, watched_queue
from services.trainer.settings import AlertSettings
from tests.unit.trainer.machines import GB, reading

WARNING, CRITICAL = AlertSeverity.WARNING, AlertSeverity.CRITICAL


def look(told: NodeReading, part: str) -> Watched:
    (found,) = [each for each in watched(told, AlertSettings()) if each.part == part]
    return found


def through(values: list[Watched]) -> list[AlertSeverity | None]:
    """What each is after what the one before it was."""
    found: list[AlertSeverity | None] = []
    for each in values:
        found.append(each.severity(found[-1] if found else None))
    return found


def test_a_machine_that_is_well_has_no_alert() -> None:
    told = reading(cpu={"temperature_celsius": 60.0}, gpu={"temperature_celsius": 70.0})
    assert [each.severity(None) for each in watched(told, AlertSettings())] == [None] * 4


@pytest.mark.parametrize(
    ("celsius", "severity"), [(84.9, None), (85.0, WARNING), (94.9, WARNING), (95.0, CRITICAL)]
)
def test_heat_is_a_warning_from_85_and_critical_from_95_degrees(
    celsius: float, severity: AlertSeverity | None
) -> None:
    told = reading(cpu={"temperature_celsius": celsius}, gpu={"temperature_celsius": celsius})
    assert look(told, "cpu").severity(None) is severity
    assert look(told, "gpu0").severity(None) is severity


def test_a_temperature_that_swings_about_its_limits_does_not_flap() -> None:
    course = [84.0, 85.0, 83.0, 82.1, 86.0, 95.0, 93.0, 92.1, 91.9, 94.0, 82.0, 81.9, 84.9]
    values = [look(reading(gpu={"temperature_celsius": each}), "gpu0") for each in course]
    assert through(values) == [
        None, WARNING, WARNING, WARNING, WARNING, CRITICAL, CRITICAL, CRITICAL, WARNING, WARNING,
        WARNING, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("free_bytes", "severity"),
    [(51 * GB, None), (49 * GB, WARNING), (2 * GB + 1, WARNING), (2 * GB - 1, CRITICAL), (0, CRITICAL)],
)
def test_a_disk_is_a_warning_below_a_tenth_and_critical_below_2_gb(
    free_bytes: int, severity: AlertSeverity | None
) -> None:
    assert look(reading(free_bytes=free_bytes), "disk-scratch").severity(None) is severity


def test_a_disk_is_well_again_only_with_room_to_spare() -> None:
    course = [49, 51, 62, 63]
    assert through([look(reading(free_bytes=each * GB), "disk-scratch") for each in course]) == [
        WARNING,
        WARNING,
        WARNING,
        None,
    ]


def test_memory_is_a_warning_from_95_percent_until_it_is_below_92() -> None:
    course = [15.1, 15.3, 14.8, 14.7]
    assert through([look(reading(used_bytes=int(each * GB)), "memory") for each in course]) == [
        None,
        WARNING,
        WARNING,
        None,
    ]


def test_what_is_not_told_is_not_watched() -> None:
    kinds = [each.kind for each in watched(reading(gpu={}), AlertSettings())]
    assert kinds == [AlertKind.DISK, AlertKind.MEMORY]


def test_a_disk_without_a_size_is_not_watched() -> None:
    none = DiskReading(folders=("scratch",), total_bytes=0, free_bytes=0)
    told = reading().model_copy(update={"disks": (none,)})
    assert [each.part for each in watched(told, AlertSettings())] == ["memory"]


def test_an_alert_says_what_is_wrong_in_figures() -> None:
    hot = look(reading(gpu={"temperature_celsius": 86.4}), "gpu0")
    full = look(reading(free_bytes=int(1.4 * GB)), "disk-scratch")
    assert hot.words == "gpu0 (NVIDIA T4) is 86 °C hot"
    assert full.words == "1.4 of 500 GB are free for scratch and data"


def queued(kind: str, number: int, seconds: float, pool: str = "any") -> Backlog:
    return Backlog(kind, "queued", pool, number, seconds)


def of_queue(
    *backlogs: Backlog, served: set[Served] | None = None, **limits: Any
) -> dict[str, AlertSeverity | None]:
    found = watched_queue(backlogs, served or set(), AlertSettings(**limits))
    return {each.part: each.severity(None) for each in found}


def test_a_job_that_nobody_asks_for_is_critical_after_minutes_and_one_that_waits_its_turn_after_hours() -> (
    None
):
    gpu, cpu = ("run.train", "gpu"), ("run.train", "cpu")
    for backlog, served, severity in (
        (queued("run.train", 1, 299, "gpu"), {cpu}, None),
        (queued("run.train", 1, 300, "gpu"), {cpu}, CRITICAL),
        (queued("run.train", 1, 300, "gpu"), {cpu, gpu}, None),
        (queued("run.train", 1, 300, "any"), {cpu}, None),
        (queued("run.train", 1, 6 * 3600, "gpu"), {gpu}, WARNING),
    ):
        assert of_queue(backlog, served=served)["queue-run.train"] is severity, backlog


def test_each_kind_of_jobs_is_watched_alone_and_all_that_wait_are_counted() -> None:
    waiting = (queued("run.train", 600, 1), queued("evaluation.run", 400, 4000))
    assert of_queue(*waiting, served={("run.train", "cpu")}) == {
        "queue-evaluation.run": CRITICAL,
        "queue-run.train": None,
        "queue": WARNING,
    }


def test_what_runs_does_not_wait_and_limits_that_are_none_are_none() -> None:
    running = Backlog("run.train", "running", "cpu", 5000, 0)
    assert of_queue(running) == {"queue": None}
    unlimited = {"queue_stuck_seconds": None, "queue_waiting_seconds": None, "queue_waiting_jobs": None}
    assert set(of_queue(queued("run.train", 10**6, 10**6), **unlimited).values()) == {None}
