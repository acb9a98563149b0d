"""What the console makes of readings and histories: meters in the colours of alerts, broken lines."""

from datetime import UTC, datetime, timedelta

from ui.node_history import chart_option, charts_of
from ui.node_meters import courses_of, gpu_meters, machine_meters

from libs.common.contracts.base import now
from libs.common.contracts.system import (
    Alert,
    AlertKind,
    AlertSeverity,
    GpuReading,
    Node,
    NodeHistory,
    NodeReading,
    PartHistory,
)
from libs.common.ids import new_id
from tests.unit.trainer.machines import reading

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def node(told: NodeReading, *alerts: Alert) -> Node:
    return Node(name="attic", devices=(), last_seen_at=now(), reading=told, alerts=alerts)


def alert(part: str, kind: AlertKind, severity: AlertSeverity) -> Alert:
    return Alert(
        id=new_id(), node="attic", part=part, kind=kind, severity=severity, message="!", raised_at=now()
    )


def part(name: str, seconds: tuple[int, ...], **columns: tuple[float | None, ...]) -> PartHistory:
    nothing = (None,) * len(seconds)
    names = ("use", "memory", "temperature_celsius", "power_watts")
    return PartHistory(
        part=name,
        at=tuple(START + timedelta(seconds=each) for each in seconds),
        **{column: columns.get(column, nothing) for column in names},
    )


def history(*parts: PartHistory) -> NodeHistory:
    until = START + timedelta(minutes=5)
    return NodeHistory(node="attic", since=START, until=until, seconds=10, parts=parts)


def test_a_machine_has_a_meter_for_all_that_it_tells_and_none_for_the_rest() -> None:
    told = reading()
    labels = [meter.label for meter in machine_meters(node(told), told, {})]
    assert labels == ["CPU", "Cores", "Memory", "Disk of scratch, data"]
    hot = reading(cpu={"temperature_celsius": 61.4, "power_watts": 120.0})
    values = {meter.label: meter.value for meter in machine_meters(node(hot), hot, {})}
    assert (values["Temperature"], values["Power"]) == ("61 °C", "120 W")


def test_meters_are_filled_by_shares_of_the_whole() -> None:
    told = reading(gpu={"memory_total_bytes": 80, "memory_used_bytes": 60, "power_watts": 350.0,
                        "power_limit_watts": 700.0, "temperature_celsius": 80.0})  # fmt: skip
    shares = {meter.label: meter.share for meter in machine_meters(node(told), told, {})}
    assert (shares["CPU"], shares["Memory"], shares["Disk of scratch, data"]) == (0.5, 0.25, 0.6)
    (gpu,) = told.gpus
    shares = {meter.label: meter.share for meter in gpu_meters(node(told), gpu, {})}
    assert shares == {"GPU memory": 0.75, "Temperature": 0.8, "Power": 0.5}


def test_a_gpu_that_tells_nothing_has_no_meter() -> None:
    told = reading(gpu={})
    assert list(gpu_meters(node(told), GpuReading(id="gpu0", name="Old"), {})) == []


def test_a_meter_has_the_colour_of_its_own_alert_only() -> None:
    told = reading(cpu={"temperature_celsius": 99.0}, gpu={"temperature_celsius": 60.0})
    hot = alert("cpu", AlertKind.TEMPERATURE, AlertSeverity.CRITICAL)
    full = alert("disk-scratch", AlertKind.DISK, AlertSeverity.WARNING)
    shown = node(told, hot, full)
    levels = {meter.label: meter.level for meter in machine_meters(shown, told, {})}
    assert (levels["Temperature"], levels["Disk of scratch, data"]) == ("critical", "warning")
    assert (levels["CPU"], levels["Memory"]) == ("well", "well")
    assert [meter.level for meter in gpu_meters(shown, told.gpus[0], {})] == ["well"]


def test_the_course_of_the_last_minutes_is_drawn_from_0_to_1() -> None:
    told = reading(gpu={"temperature_celsius": 80.0, "power_watts": 100.0})
    known = history(
        part("gpu0", (0, 10, 20), temperature_celsius=(50, None, 110), power_watts=(50, 200, 100))
    )
    courses = {meter.label: meter.course for meter in gpu_meters(node(told), told.gpus[0], courses_of(known))}
    assert courses == {"Temperature": (0.5, None, 1.0), "Power": (0.25, 1.0, 0.5)}


def test_there_is_a_chart_for_each_kind_of_figure_that_is_told() -> None:
    found = history(
        part("cpu", (0, 10), use=(0.5, 0.25), memory=(0.1, 0.1)),
        part("gpu0", (0, 10), use=(1.0, 1.0), temperature_celsius=(60, 61)),
        part("disk-scratch", (0, 10), use=(0.6, 0.6)),
    )
    charts = {chart.title: [line.name for line in chart.lines] for chart in charts_of(found)}
    assert charts == {
        "Use": ["machine", "gpu0"],
        "Memory": ["machine"],
        "Temperature": ["gpu0"],
        "Disks": ["scratch"],
    }
    assert list(charts_of(history())) == []


def test_a_line_is_broken_where_nothing_was_told() -> None:
    found = history(part("cpu", (0, 10, 50, 60), use=(0.5, 0.25, 0.75, None)))
    (chart,) = charts_of(found)
    (line,) = chart_option(chart, found)["series"]
    start = int(START.timestamp() * 1000)
    assert line["data"] == [
        [start, 50],
        [start + 10_000, 25],
        [start + 10_001, None],
        [start + 50_000, 75],
        [start + 60_000, None],
    ]
