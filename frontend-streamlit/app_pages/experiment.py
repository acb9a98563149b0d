"""One experiment: what it learns from and how, what its runs reached, and the next run."""

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import address_sections, given_id
from ui.experiment_rows import menu, toast
from ui.run_rows import run_rows
from ui.states import ago, counted, empty_state, escaped, shortened

from libs.common.contracts.experiments import Experiment

RUNS_PER_PAGE = 25
MOST_CLASSES = 30


def page() -> None:
    given = given_id("id")
    if given is None:
        empty_state("science", "Choose an experiment first.")
        st.page_link("app_pages/experiments.py", label="Experiments", icon=":material/arrow_back:")
        return
    toast()
    found = yard().experiments.get(given)
    header(found)
    section = address_sections(
        {
            "runs": f":material/monitoring: Runs ({found.num_runs})",
            "config": ":material/tune: Configuration",
            "data": ":material/database: Data",
        },
        key="experiment.section",
    )
    {"runs": runs, "config": config, "data": data}[section](found)


def header(found: Experiment) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(escaped(shortened(found.name)), width="content")
        st.badge(found.task.replace("_", " "), color="blue", icon=":material/category:")
        if found.best:
            st.badge(f"{found.best.key} {found.best.value:.4f}", color="green", icon=":material/star:")
        st.space("stretch")
        if may_edit(found.project_id):
            menu(found, leads_to="app_pages/experiments.py")
    st.page_link(
        "app_pages/experiments.py",
        label="Experiments",
        icon=":material/arrow_back:",
        query_params={"project": str(found.project_id)},
    )
    if found.note:
        st.markdown(escaped(found.note))
    by = f" by {escaped(found.created_by)}" if found.created_by else ""
    st.caption(f"made {ago(found.created_at)}{by}")


def runs(found: Experiment) -> None:
    run_rows(
        lambda cursor: yard().runs.page(experiment=found.id, limit=RUNS_PER_PAGE, cursor=cursor),
        empty="Not run yet. Run it from the menu on the right.",
        key="experiment.runs",
    )


def config(found: Experiment) -> None:
    rows = [{"knob": path, "value": str(value)} for path, value in places(found.config)]
    st.dataframe(rows, hide_index=True, height="content")


def places(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from places(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def data(found: Experiment) -> None:
    reference = found.data
    for part in reference.parts:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.page_link(
                "app_pages/browse.py",
                label=escaped(shortened(part.dataset_name)),
                icon=":material/database:",
                query_params={
                    "dataset": str(part.dataset_id),
                    "version": str(part.version),
                    "split": str(part.split_id),
                },
                width="content",
            )
            st.badge(f"version {part.version}", color="gray")
    with st.container(horizontal=True):
        for subset, count in reference.subset_counts.items():
            st.metric(subset, f"{count:,}", border=True)
        if reference.num_left_out:
            st.metric("left out", f"{reference.num_left_out:,}", border=True, help="Held out by another one")
    if reference.classes:
        more = len(reference.classes) - MOST_CLASSES
        names = ", ".join(map(escaped, reference.classes[:MOST_CLASSES]))
        st.caption(
            f"{counted(len(reference.classes), 'class', 'classes')}: {names}{' …' if more > 0 else ''}"
        )


page()
