"""What is served: every deployment with its state and traffic, and the way to a new one."""

from collections.abc import Mapping
from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import address_search, address_select, given_id, go
from ui.deployment_form import deployment_form
from ui.deployment_rows import MOST_SHOWN, deployment_row, deployments_of, is_at_work
from ui.states import empty_state, escaped

from libs.common.contracts.deployments import Deployment

# Traffic is counted as it comes; what is being loaded is looked at more often.
POLL_SECONDS, POLL_SECONDS_AT_WORK = 10, 2
# Of these the name is known; more projects are reached from their own pages.
MOST_PROJECTS = 1000


def page() -> None:
    if told := st.session_state.pop("deployments.told", None):
        st.toast(escaped(told), icon=":material/check:")
    names = {each.id: each.name for each in islice(yard().projects.list(), MOST_PROJECTS)}
    header()
    filters(names)
    listing(names)
    if may_edit(None) and ("new" in st.query_params or "model" in st.query_params):
        deployment_form()


def header() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Deployments", width="content")
        st.space("stretch")
        if may_edit(None) and st.button(
            "Deploy a model", type="primary", icon=":material/add:", key="deployments.new"
        ):
            new()


def new() -> None:
    go(new=1)
    st.rerun()


def show_all() -> None:
    go(q=None, project=None)
    st.rerun()


def filters(names: Mapping[UUID, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        address_select(
            "Project",
            "project",
            {str(each): name for each, name in names.items()},
            key="deployments.project",
            on_choose=lambda project: go(project=project),
            placeholder="All projects",
            width=220,
        )
        address_search(
            "Search names and models",
            "q",
            key="deployments.q",
            on_choose=lambda text: go(q=text),
            width=260,
        )


def found() -> tuple[Deployment, ...]:
    return deployments_of(given_id("project"), st.query_params.get("q", ""))


def listing(names: Mapping[UUID, str]) -> None:
    first = found()
    if not first:
        nothing()
        return
    is_live = any(map(is_at_work, first))
    # What the page has looked up already is not asked for a second time.
    known = [first]
    is_of_one = given_id("project") is not None

    @st.fragment(run_every=POLL_SECONDS_AT_WORK if is_live else POLL_SECONDS)
    def live() -> None:
        now = known.pop() if known else found()
        for each in now:
            deployment_row(each, None if is_of_one else names.get(each.project_id))
        if any(map(is_at_work, now)) != is_live:
            st.rerun()

    live()
    if len(first) == MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} deployments are shown; search for others.")


def nothing() -> None:
    if st.query_params.get("q") or st.query_params.get("project"):
        empty_state("search_off", "No deployment fits.", "Show all", show_all)
        return
    empty_state(
        "rocket_launch",
        "Nothing is served yet. A deployment answers under its name, whichever version stands behind it.",
        "Deploy the first model" if may_edit(None) else None,
        new,
    )


page()
