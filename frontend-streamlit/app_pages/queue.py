"""The queue: what runs and how far it is, what waits and in which order, what has ended."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import streamlit as st
from comp.sort_list import Done, sort_list
from session import yard
from ui.access import may_edit
from ui.address import address_sections, address_select, go
from ui.queue_limits import limits
from ui.queue_rows import KINDS, ended_item, running_item, waiting_item
from ui.states import counted, empty_state

from libs.common.contracts.queue import QueueEntry
from libs.common.errors import ModelyardError

LOOK_EVERY_SECONDS = 2
MOST_SHOWN = 500
PAGE = 50
SECTIONS = {"now": "Now", "history": "History"}
STATES = {"": "Any state", "completed": "Completed", "failed": "Failed", "cancelled": "Cancelled"}
PERIODS = {"": "Any time", "1": "Last day", "7": "Last week", "30": "Last month"}


def page() -> None:
    st.header("Queue")
    match address_sections(SECTIONS, key="queue.section"):
        case "now":
            now()
        case "history":
            history()


@st.fragment(run_every=LOOK_EVERY_SECONDS)
def now() -> None:
    limits(yard().queue.settings())
    entries = yard().queue.list(limit=MOST_SHOWN)
    running = [entry for entry in entries if entry.position is None]
    waiting = [entry for entry in entries if entry.position is not None]
    if not entries:
        empty_state(
            "low_priority",
            "Nothing runs and nothing waits. Runs are started from an experiment of a project.",
            "Projects",
            lambda: st.switch_page("app_pages/home.py"),
        )
        return
    names, edits = projects(), all(may_edit(entry.project_id) for entry in waiting)
    st.subheader(f"Running · {len(running)}")
    if running:
        items = [running_item(entry, names, may_edit=may_edit(entry.project_id)) for entry in running]
        carry_out(sort_list(items, "Running", key="queue.running"), entries)
    else:
        st.caption("Nothing runs at the moment.")
    st.subheader(f"Waiting · {len(waiting)}")
    if waiting:
        if edits:
            st.caption("Drag a row to another place, or press Alt with an arrow key.")
        items = [waiting_item(entry, names, may_edit=may_edit(entry.project_id)) for entry in waiting]
        carry_out(sort_list(items, "Waiting", key="queue.waiting", can_sort=edits), entries)
    else:
        st.caption("Nothing waits.")
    if len(entries) == MOST_SHOWN:
        st.caption(f"The first {counted(MOST_SHOWN, 'job')} are shown.")


def carry_out(done: Done, entries: tuple[QueueEntry, ...]) -> None:
    """What came too late is said, and the list shows how things stand."""
    if done.opened:
        open_run(done.opened, entries)
    for move in done.moves:
        attempt(lambda move=move: yard().queue.move(move.id, before=move.before, after=move.after))
    if removed := done.removed:
        attempt(lambda: yard().queue.remove(removed))
    if done.moves or done.removed:
        st.rerun(scope="fragment")


def attempt(change: Callable[[], object]) -> None:
    try:
        change()
    except ModelyardError as error:
        st.toast(f"{error.title}. {error.detail}", icon=":material/error:")


def open_run(job_id: UUID, entries: tuple[QueueEntry, ...]) -> None:
    run = next((entry.run_id for entry in entries if entry.id == job_id), None)
    if run is not None:
        st.switch_page("app_pages/run.py", query_params={"id": str(run)})


def history() -> None:
    names = projects()
    with st.container(horizontal=True):
        choose("State", "state", STATES)
        choose("Kind", "kind", {"": "Any kind", **KINDS})
        choose("Project", "project", {"": "Any project", **{str(id): name for id, name in names.items()}})
        choose("Period", "period", PERIODS)
    asked = {part: st.query_params.get(part) or None for part in ("state", "kind", "project", "cursor")}
    found = yard().queue.history_page(
        **{**asked, "project": asked["project"] and UUID(asked["project"])}, since=since(), limit=PAGE
    )
    if not found.items:
        empty_state("history", "Nothing has ended that fits.")
    else:
        done = sort_list([ended_item(entry, names) for entry in found.items], "Ended", key="queue.ended")
        carry_out(done, found.items)
    with st.container(horizontal=True):
        turn("Newest", "first_page", None, is_offered=bool(asked["cursor"]))
        turn("Older", "chevron_right", found.next_cursor, is_offered=bool(found.next_cursor))


def turn(label: str, icon: str, cursor: str | None, *, is_offered: bool) -> None:
    if is_offered:
        st.button(
            label,
            icon=f":material/{icon}:",
            key=f"queue.{label.lower()}",
            on_click=lambda: go(cursor=cursor),
        )


def choose(label: str, part: str, options: dict[str, str]) -> None:
    address_select(
        label,
        part,
        options,
        key=f"queue.history.{part}",
        default="",
        on_choose=lambda value: go(**{part: value, "cursor": None}),
    )


def since() -> datetime | None:
    days = st.query_params.get("period")
    return datetime.now(UTC) - timedelta(days=int(days)) if days in PERIODS and days else None


@st.cache_data(scope="session", ttl=20, show_spinner=False)
def projects() -> dict[UUID, str]:
    return {project.id: project.name for project in yard().projects.list()}


page()
