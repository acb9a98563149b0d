"""Members of a project: who they are, and for its admins who else is to be one."""

from itertools import islice
from uuid import UUID

import streamlit as st
from session import caller, yard

from libs.common.contracts.access import Member, Role
from ui.access import may_manage
from ui.acting import act, change
from ui.roles import IN_A_PROJECT, role_badge, role_select
from ui.states import ago, counted, empty_state, escaped, shortened

# Of these one is chosen by name; the list can be searched by typing.
MOST_ACCOUNTS = 1000


def members_view(project_id: UUID) -> None:
    found = list(yard().members.list(project_id))
    can_manage = may_manage(project_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{counted(len(found), 'member')} · administrators of the house are at home here, too",
            width="content",
        )
        st.space("stretch")
        if can_manage and st.button("Add a member", icon=":material/person_add:", key="members.new"):
            new_member(project_id, {each.user_id for each in found})
    if not found:
        empty_state("group", "Nobody is a member yet: only administrators of the house see this project.")
    for member in found:
        _row(project_id, member, can_manage=can_manage)
    if not can_manage:
        st.caption("Admins of the project say who is a member.")


def _row(project_id: UUID, member: Member, *, can_manage: bool) -> None:
    with (
        st.container(border=True, key=f"members.row.{member.user_id}"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        st.markdown(f"**{escaped(shortened(member.name, 50))}**", width="content")
        if member.user_id == caller().user_id:
            st.badge("you", color="gray")
        st.caption(f"joined {ago(member.added_at)}", width="content")
        st.space("stretch")
        if not can_manage:
            role_badge(member.role)
            return
        _role(project_id, member)
        if st.button(
            "",
            icon=":material/person_remove:",
            type="tertiary",
            key=f"members.out.{member.user_id}",
            help=f"Take {member.name} out of the project",
        ):
            take_out(project_id, member)


def _role(project_id: UUID, member: Member) -> None:
    key = f"members.role.{member.user_id}"
    st.session_state[key] = member.role

    def put() -> None:
        role = st.session_state[key]
        change(lambda: yard().members.put(project_id, member.user_id, role), f"{member.name} is {role} now")

    st.selectbox("Role", list(Role), key=key, label_visibility="collapsed", width=120, on_change=put)


@st.dialog("Add a member", icon=":material/person_add:")
def new_member(project_id: UUID, present: set[UUID]) -> None:
    accounts = islice(yard().users.list(), MOST_ACCOUNTS)
    names = {each.id: each.name for each in accounts if each.is_active and each.id not in present}
    if not names:
        st.caption("Everybody who has an account is a member already. An administrator makes accounts.")
        return
    user = st.selectbox("Account", list(names), index=None, format_func=names.__getitem__, key="members.user")
    role = role_select(Role.EDITOR, IN_A_PROJECT, key="members.role")
    if st.button("Add", type="primary", disabled=user is None, key="members.add") and user:
        act(lambda: yard().members.put(project_id, user, role), f"Added {names[user]}")


@st.dialog("Take somebody out", icon=":material/person_remove:")
def take_out(project_id: UUID, member: Member) -> None:
    who = "You see" if member.user_id == caller().user_id else f"**{escaped(member.name)}** sees"
    st.markdown(f"{who} nothing of this project any more. What was made stays.")
    if st.button("Take out", type="primary", key="members.removed"):
        act(lambda: yard().members.remove(project_id, member.user_id), f"{member.name} is no member any more")
