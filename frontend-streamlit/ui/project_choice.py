"""The project that a page is about: in the address, or the one looked at last."""

from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.projects import Project
from ui.address import given_id, go
from ui.states import empty_state


def chosen_project() -> Project | None:
    """None when there is nothing to choose from, and the page says so."""
    given: UUID | None = given_id("project") or st.session_state.get("project.last")
    if given is None:
        newest = next(iter(yard().projects.list()), None)
        given = newest.id if newest else None
    if given is None:
        empty_state("folder_open", "There is no project yet. A dataset belongs to one.")
        st.page_link("app_pages/home.py", label="Projects", icon=":material/arrow_back:")
        return None
    if "project" not in st.query_params:
        go(project=given)
    st.session_state["project.last"] = given
    return yard().projects.get(given)
