"""How the node of a run is, in one row."""

from datetime import timedelta

import streamlit as st
from comp.meters import meters
from session import yard

from libs.common.contracts.base import now
from libs.common.contracts.system import Node
from libs.common.errors import NotFound
from ui.node_alerts import alert_lines
from ui.node_meters import Courses, courses_of, gpu_meters, machine_meters
from ui.states import ago, escaped

POLL_SECONDS = 2
COURSE = timedelta(minutes=10)


def node_strip(node: str, device: str | None = None) -> None:
    """Looks again every two seconds by itself: not to be mounted inside another polling fragment.

    Of the GPUs only `device`, where one is given.
    """
    st.fragment(_strip, run_every=POLL_SECONDS)(node, device)


def courses(node: Node) -> Courses:
    """Of the last minutes; nothing while nobody knows them."""
    return courses_of(yard().nodes.history(node.name, since=now() - COURSE, max_points=60))


def _strip(name: str, device: str | None) -> None:
    try:
        node = yard().nodes.get(name)
    except NotFound:
        st.caption(f":material/dns: Node {escaped(name)} has told nothing of itself.")
        return
    st.caption(f":material/dns: Node **{escaped(node.name)}** · {ago(node.last_seen_at)}")
    alert_lines(node.alerts, with_node=False)
    if node.reading is None or node.is_away:
        return
    known = courses(node)
    shown = list(machine_meters(node, node.reading, known))
    for gpu in node.reading.gpus:
        if device in (None, "cpu", gpu.id):
            shown += gpu_meters(node, gpu, known)
    meters(shown, key=f"strip.{name}", is_compact=True)
