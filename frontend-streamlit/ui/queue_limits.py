"""How many runs go on at once, and whether any may start: for administrators to change, for all to see."""

from collections.abc import Callable

import streamlit as st
from session import yard

from libs.common.contracts.jobs import Pool
from libs.common.contracts.queue import QueueSettings
from ui.access import is_administrator

MOST_AT_ONCE = 8
NO_LIMIT = "one per device"
CHOICES = (NO_LIMIT, *map(str, range(1, MOST_AT_ONCE + 1)))
POOLS = {Pool.CPU: "On CPUs", Pool.GPU: "On GPUs"}


def limits(settings: QueueSettings) -> None:
    """What others change shows at the next look, so the widgets are set anew each time."""
    may_change = is_administrator()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choice("Runs at once", settings.max_running, "queue.limit", yard().queue.limit, may_change)
        for pool, label in POOLS.items():
            limit = settings.max_running_by_pool.get(pool)
            _choice(label, limit, f"queue.limit.{pool}", _limit_of(pool, settings), may_change)
        st.space("stretch")
        if may_change:
            _pause(settings)
    if settings.is_paused:
        st.caption(":material/pause_circle: The queue is paused: what runs goes on, no other run starts.")


def _choice(
    label: str, limit: int | None, key: str, choose: Callable[[int | None], object], may_change: bool
) -> None:
    st.session_state[key] = NO_LIMIT if limit is None else str(limit)
    st.selectbox(
        label,
        CHOICES,
        key=key,
        width=150,
        disabled=not may_change,
        on_change=lambda: choose(_number(st.session_state[key])),
    )


def _limit_of(pool: Pool, settings: QueueSettings) -> Callable[[int | None], object]:
    def choose(limit: int | None) -> None:
        limits = {each.value: number for each, number in settings.max_running_by_pool.items() if each != pool}
        yard().queue.limit_pools(limits if limit is None else {**limits, pool.value: limit})

    return choose


def _pause(settings: QueueSettings) -> None:
    if settings.is_paused:
        go_on = yard().queue.resume
        st.button("Go on", type="primary", icon=":material/play_arrow:", key="queue.resume", on_click=go_on)
    else:
        st.button("Pause", icon=":material/pause:", key="queue.pause", on_click=yard().queue.pause)


def _number(text: str) -> int | None:
    return None if text == NO_LIMIT else int(text)
