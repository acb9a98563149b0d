"""The projects that one account is a member of, for administrators."""

from collections.abc import Mapping
from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.access import Membership, Role, User
from ui.acting import attempt
from ui.project_choice import MOST_PROJECTS
from ui.roles import IN_A_PROJECT, role_select
from ui.states import escaped, shortened


@st.dialog("Projects", icon=":material/folder_open:")
def memberships(known: User) -> None:
    user = yard().users.get(known.id)
    st.markdown(f"**{escaped(user.name)}**")
    names = {each.id: each.name for each in islice(yard().projects.list(), MOST_PROJECTS)}
    if user.role is Role.ADMIN:
        st.caption("An administrator is at home in every project, member or not.")
    if not user.projects:
        st.caption("A member of no project yet.")
    for each in user.projects:
        _row(user, each, names.get(each.project_id, "a project"))
    _adding(
        user, {id: name for id, name in names.items() if not any(id == m.project_id for m in user.projects)}
    )


def _row(user: User, each: Membership, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(escaped(shortened(name, 40)), width="stretch")
        key = f"users.in.{each.project_id}"
        role = st.selectbox(
            "Role", list(Role), index=each.role.rank, key=key, label_visibility="collapsed", width=110
        )
        if role is not each.role and attempt(lambda: yard().members.put(each.project_id, user.id, role)):
            st.rerun(scope="fragment")
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key=f"users.out.{each.project_id}",
            help=f"Take {user.name} out of {name}",
            on_click=lambda: yard().members.remove(each.project_id, user.id),
        )


def _adding(user: User, others: Mapping[UUID, str]) -> None:
    if not others:
        return
    st.divider()
    project = st.selectbox(
        "Another project", list(others), index=None, format_func=others.__getitem__, key="users.project"
    )
    role = role_select(Role.EDITOR, IN_A_PROJECT, key="users.project.role")
    if (
        st.button("Add", type="primary", disabled=project is None, key="users.project.add")
        and project
        and attempt(lambda: yard().members.put(project, user.id, role))
    ):
        st.rerun(scope="fragment")
