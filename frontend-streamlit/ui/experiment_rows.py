"""Experiments one below the other: state, best metric, data, a tick to compare, and what can be done."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.experiments import ExperimentSummary
from ui.access import may_edit
from ui.confirming import confirm_deletion
from ui.states import ago, counted, escaped, shortened, state_badge
from ui.ticks import forget, tick

UNFINISHED = ("queued", "preparing", "running", "stopping", "lost")
ACTIONS = {
    "run": ":material/play_arrow: Run",
    "like": ":material/tune: Change and run as another",
    "copy": ":material/content_copy: Duplicate",
    "edit": ":material/edit: Rename",
    "delete": ":material/delete: Delete",
}


def is_at_work(found: ExperimentSummary) -> bool:
    return found.last_run_state in UNFINISHED


def experiment_row(found: ExperimentSummary, project_name: str | None) -> None:
    """With the project's name where experiments of several are shown."""
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"experiments.row.{found.id}"
    ):
        tick(str(found.id), found.name, representative(found))
        with st.container(horizontal=True, vertical_alignment="center", width="stretch", gap="small"):
            st.page_link(
                "app_pages/experiment.py",
                label=f"**{escaped(shortened(found.name))}**",
                icon=":material/science:",
                query_params={"id": str(found.id)},
            )
            if found.last_run_state:
                state_badge(found.last_run_state)
            if found.best:
                st.caption(f"{escaped(found.best.key)} **{found.best.value:.4f}**", width="content")
            st.caption(told(found, project_name), width="content")
        if may_edit(found.project_id):
            menu(found)


def representative(found: ExperimentSummary) -> UUID | None:
    """The best run, where any has measured what is best."""
    return found.best.run_id if found.best else found.last_run_id


def told(found: ExperimentSummary, project_name: str | None) -> str:
    data = shortened(", ".join(found.dataset_names), 60)
    parts = [
        escaped(shortened(project_name, 40)) if project_name else "",
        counted(found.num_runs, "run") if found.num_runs else "never run",
        f":material/database: {escaped(data)}" if data else "",
        ago(found.last_run_at or found.updated_at),
        f"by {escaped(found.created_by)}" if found.created_by else "",
    ]
    return " · ".join(filter(None, parts))


def menu(found: ExperimentSummary, *, leads_to: str | None = None) -> None:
    """`leads_to` is the page to be on once it is deleted."""
    chosen = st.menu_button(
        "",
        list(ACTIONS),
        icon=":material/more_vert:",
        type="tertiary",
        key=f"experiments.menu.{found.id}",
        format_func=ACTIONS.__getitem__,
        help="Run, change or delete it",
    )
    match chosen:
        case "run":
            started = yard().runs.start(found.id)
            st.switch_page("app_pages/run.py", query_params={"id": str(started.id)})
        case "like":
            st.switch_page("app_pages/new_experiment.py", query_params={"from": str(found.id)})
        case "copy":
            made = yard().experiments.duplicate(found.id)
            tell(f"Made {made.name}")
        case "edit":
            rename(found)
        case "delete":
            ask_to_delete(found, leads_to)


@st.dialog("Rename the experiment")
def rename(found: ExperimentSummary) -> None:
    name = st.text_input("Name", found.name, key="experiments.name", max_chars=200)
    note = st.text_area("Note", found.note, key="experiments.note", max_chars=2000)
    if st.button("Save", type="primary", disabled=not name.strip(), key="experiments.save"):
        yard().experiments.update(found.id, name=name, note=note)
        tell(f"Saved {name}")


def ask_to_delete(found: ExperimentSummary, leads_to: str | None) -> None:
    def delete() -> None:
        yard().experiments.delete(found.id)
        forget(str(found.id))
        st.session_state["experiments.told"] = f"Deleted {found.name}"
        if leads_to:
            st.switch_page(leads_to, query_params={"project": str(found.project_id)})

    confirm_deletion(
        "the experiment",
        found.name,
        "its runs, their curves and their checkpoints go with it.",
        delete,
        key="experiments.confirm",
    )


def tell(what: str) -> None:
    """Said once the page is drawn anew."""
    st.session_state["experiments.told"] = what
    st.rerun()


def toast() -> None:
    if told := st.session_state.pop("experiments.told", None):
        st.toast(escaped(told), icon=":material/check:")


def any_at_work(found: Sequence[ExperimentSummary]) -> bool:
    return any(map(is_at_work, found))
