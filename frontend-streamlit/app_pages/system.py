"""The house itself: alerts, nodes with their devices as they are and were, rooms."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

import streamlit as st
from comp.meters import meters
from session import yard
from ui.address import address_sections, address_select, go
from ui.node_alerts import alert_lines, earlier_alerts
from ui.node_history import node_history
from ui.node_meters import gpu_meters, machine_meters
from ui.node_strip import courses
from ui.states import ago, duration, empty_state, escaped, size, state_badge

from libs.common.contracts.base import now
from libs.common.contracts.system import Device, Node, ServiceState, SystemView

LIVE_SECONDS = 2
# Of a long period ten seconds change nothing that can be seen.
HISTORY_SECONDS, LONG_HISTORY_SECONDS, LONG = 10, 60, timedelta(hours=12)
PERIODS = {
    "15min": ("15 min", timedelta(minutes=15)),
    "1h": ("1 h", timedelta(hours=1)),
    "6h": ("6 h", timedelta(hours=6)),
    "1d": ("1 day", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "90d": ("90 days", timedelta(days=90)),
}
NUM_EARLIER = 50


def page() -> None:
    system = yard().system()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("System", width="content")
        st.badge(f"Modelyard {system.version}", color="gray")
    st.fragment(live, run_every=LIVE_SECONDS)()
    names = [node.name for node in system.nodes if node.reading is not None]
    if names:
        history(names)
    if not knows_nodes(system):
        return
    with st.expander("Earlier alerts", icon=":material/history:"):
        earlier_alerts(list(islice(yard().nodes.alerts(is_open=False), NUM_EARLIER)))


def live() -> None:
    system = yard().system()
    alert_lines(system.alerts)
    rooms(system.services)
    nodes(system)


def rooms(services: Sequence[ServiceState]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Rooms**", width="content")
        for service in services:
            times = f" × {service.instances}" if service.instances > 1 else ""
            if service.ready:
                st.badge(f"{service.name}{times}", color="green", icon=":material/check_circle:")
            else:
                st.badge(f"{service.name} is away", color="red", icon=":material/error:")


def knows_nodes(system: SystemView) -> bool:
    return any(service.ready for service in system.services if service.name == "trainer")


def nodes(system: SystemView) -> None:
    if not knows_nodes(system):
        empty_state("cloud_off", "The trainer is away, and nobody else knows how the nodes are.")
    elif not system.nodes:
        empty_state(
            "dns", "No worker has asked for work within the last minute. Start one to train on its machine."
        )
    for node in system.nodes:
        with st.container(border=True):
            node_card(node)


def node_card(node: Node) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"#### {escaped(node.name)}", width="content")
        state_badge("away" if node.is_away else "ready")
        st.caption(heard_of(node), width="content")
        for device in node.devices:
            device_badge(device)
    if node.reading is None:
        st.caption("Only workers of rooms are here; none tells how the machine is.")
        return
    if node.is_away:
        st.caption("What it told last is shown below, in its history.")
        return
    known = courses(node)
    meters(list(machine_meters(node, node.reading, known)), key=f"system.meters.{node.name}")
    for gpu in node.reading.gpus:
        driver = f" · driver {escaped(node.reading.driver)}" if node.reading.driver else ""
        memory = f" · {size(gpu.memory_total_bytes)}" if gpu.memory_total_bytes else ""
        st.caption(f":material/developer_board: **{gpu.id}** {escaped(gpu.name)}{memory}{driver}")
        meters(list(gpu_meters(node, gpu, known)), key=f"system.meters.{node.name}.{gpu.id}")


def heard_of(node: Node) -> str:
    if node.is_away:
        return f"silent for {duration((now() - node.last_seen_at).total_seconds())}"
    return f"heard of {ago(node.last_seen_at)}"


def device_badge(device: Device) -> None:
    if device.busy_with is None:
        st.badge(f"{device.id} is free", color="gray", icon=":material/hourglass_empty:")
    elif device.run_id is None:
        st.badge(f"{device.id}: {escaped(device.busy_with)}", color="blue", icon=":material/model_training:")
    else:
        st.page_link(
            "app_pages/run.py",
            label=f"{device.id}: {escaped(device.busy_with)}",
            icon=":material/model_training:",
            query_params={"id": str(device.run_id)},
            width="content",
        )


def history(names: Sequence[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("History", width="content")
        st.space("stretch")
        if len(names) > 1:
            address_select(
                "Node",
                "node",
                {name: name for name in names},
                key="system.node",
                default=names[0],
                on_choose=lambda name: go(node=name),
            )
        period = address_sections({key: title for key, (title, _) in PERIODS.items()}, key="system.period")
    chosen = st.query_params.get("node")
    node = chosen if chosen in names else names[0]
    is_long = PERIODS[period][1] > LONG
    st.fragment(charts, run_every=LONG_HISTORY_SECONDS if is_long else HISTORY_SECONDS)(node, period)


def charts(node: str, period: str) -> None:
    since = now() - PERIODS[period][1]
    node_history(yard().nodes.history(node, since=since, max_points=400), key="system.history")


page()
