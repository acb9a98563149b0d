"""The project that a page is about, or all of them: in the address, or the one looked at last."""

from collections.abc import Callable, Mapping
from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.projects import Project
from ui.address import Width, address_select, given_id, go
from ui.states import empty_state

# Of these the name is known; more projects are reached from their own pages.
MOST_PROJECTS = 1000
ALL = "all"


def chosen_project() -> Project | None:
    """None when there is nothing to choose from, and the page says so."""
    given: UUID | None = given_id("project") or st.session_state.get("project.last")
    if given is None:
        newest = next(iter(yard().projects.list()), None)
        given = newest.id if newest else None
    if given is None:
        _without_project("A dataset belongs to one.")
        return None
    if "project" not in st.query_params:
        go(project=given)
    st.session_state["project.last"] = given
    return yard().projects.get(given)


def project_names(why: str) -> Mapping[UUID, str]:
    """Empty when there is none, and the page says so."""
    names = {each.id: each.name for each in islice(yard().projects.list(), MOST_PROJECTS)}
    if not names:
        _without_project(why)
    return names


def chosen_scope(names: Mapping[UUID, str]) -> UUID | None:
    """The project of the address, else the one looked at last; None for all of them."""
    if st.query_params.get("project") == ALL:
        return None
    given = given_id("project")
    if given is not None and given not in names:
        # Raises in words when it was deleted.
        yard().projects.get(given)
    last = st.session_state.get("project.last")
    project = given or (last if last in names else next(iter(names)))
    st.session_state["project.last"] = project
    return project


def scope_select(
    names: Mapping[UUID, str],
    project: UUID | None,
    *,
    key: str,
    on_choose: Callable[[str], None],
    width: Width = 220,
) -> None:
    if "project" not in st.query_params and project is not None:
        st.query_params["project"] = str(project)
    address_select(
        "Project",
        "project",
        {ALL: "All projects", **{str(each): name for each, name in names.items()}},
        key=key,
        on_choose=lambda value: on_choose(value or ALL),
        placeholder="All projects",
        width=width,
    )


def _without_project(why: str) -> None:
    empty_state("folder_open", f"There is no project yet. {why}")
    st.page_link("app_pages/home.py", label="Projects", icon=":material/arrow_back:")
