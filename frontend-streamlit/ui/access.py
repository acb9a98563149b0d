"""What the person at the page may do; what they may not is not offered, and the gateway refuses it anyway."""

from uuid import UUID

import streamlit as st
from session import caller

from libs.common.contracts.access import Role
from ui.states import empty_state


def may_edit(project_id: UUID | None) -> bool:
    """None: in any project at all."""
    who = caller()
    if project_id is None:
        return who.role is not Role.VIEWER and (
            who.sees_all_projects or any(each.role is not Role.VIEWER for each in who.projects)
        )
    return who.role_in(project_id) not in (None, Role.VIEWER)


def may_manage(project_id: UUID) -> bool:
    """Its members and its end."""
    return caller().role_in(project_id) is Role.ADMIN


def may_create_projects() -> bool:
    return caller().role is not Role.VIEWER


def is_administrator() -> bool:
    """Of the house; a token that is limited to projects never is."""
    who = caller()
    return who.sees_all_projects and who.role is Role.ADMIN


def only_for_administrators(what: str) -> bool:
    """False, and said why, for everybody else."""
    if is_administrator():
        return True
    empty_state("lock", f"{what} are for administrators of the house. Your role is {caller().role}.")
    st.page_link("app_pages/home.py", label="Projects", icon=":material/arrow_back:")
    return False
