"""API tokens: what each may do, when it was used, and the way to a new one."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from uuid import UUID

import streamlit as st
from session import caller, yard

from libs.common.contracts.access import Role, Token
from libs.common.contracts.base import now
from ui.acting import act, attempt
from ui.roles import role_badge, role_select
from ui.secrets import forget, is_shown, show_next
from ui.states import ago, counted, escaped, shortened

WORDS = {
    Role.VIEWER: "may look, and change nothing",
    Role.EDITOR: "may do what an editor may, in projects where its owner is one",
    Role.ADMIN: "may do all that its owner may",
}
PERIODS = {30: "30 days", 90: "90 days", 365: "a year", None: "never"}
SOON = timedelta(days=7)


def token_row(token: Token, names: Mapping[UUID, str], *, has_owner: bool) -> None:
    """With its owner's name where tokens of several are shown."""
    with (
        st.container(border=True, key=f"tokens.row.{token.id}"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        st.markdown(f"**{escaped(shortened(token.name, 50))}**", width="content")
        st.caption(f"`{token.prefix}…`", width="content")
        role_badge(token.role)
        end_badge(token)
        owner = [f"of {escaped(token.owner)}"] if has_owner and token.owner else []
        parts = [
            *owner,
            scope(token, names),
            f"used {ago(token.last_used_at)}" if token.last_used_at else "never used",
            f"made {ago(token.created_at)}",
        ]
        st.caption(" · ".join(parts), width="content")
        st.space("stretch")
        if st.button(
            "",
            icon=":material/delete:",
            type="tertiary",
            key=f"tokens.delete.{token.id}",
            help=f"Delete {token.name}",
        ):
            delete(token)


def end_badge(token: Token) -> None:
    if token.expires_at is None:
        return
    left = token.expires_at - now()
    if left <= timedelta():
        st.badge("expired", color="red", icon=":material/timer_off:")
    else:
        color = "orange" if left < SOON else "gray"
        st.badge(f"{time_left(left)} left", color=color, icon=":material/timer:")


def time_left(left: timedelta) -> str:
    """Whole days, as one that was just made for 30 has 30; the last day by the hour."""
    hours = ceil(left / timedelta(hours=1))
    return counted(hours, "hour") if hours < 24 else counted(round(hours / 24), "day")


def scope(token: Token, names: Mapping[UUID, str]) -> str:
    if token.projects is None:
        return "all projects of its owner"
    known = [shortened(names[each], 30) for each in token.projects if each in names]
    if len(known) == len(token.projects) <= 2:
        return f"only {escaped(' and '.join(known))}"
    return f"only {counted(len(token.projects), 'project')}"


@st.dialog("New token", icon=":material/key:", on_dismiss=forget)
def new_token(names: Mapping[UUID, str]) -> None:
    if is_shown():
        return
    st.caption("For programs that act in your name: the SDK, the command line, your own scripts.")
    name = st.text_input("Name", key="tokens.name", max_chars=200, placeholder="nightly import").strip()
    options = [role for role in Role if role.rank <= caller().role.rank]
    usual = Role.EDITOR if Role.EDITOR in options else options[-1]
    role = role_select(usual, WORDS, key="tokens.role", options=options)
    projects = st.multiselect(
        "Projects",
        list(names),
        format_func=names.__getitem__,
        key="tokens.projects",
        placeholder="All of mine",
    )
    days = st.selectbox("Expires after", list(PERIODS), format_func=PERIODS.__getitem__, key="tokens.days")
    if st.button("Create", type="primary", disabled=not name, key="tokens.create") and (
        made := attempt(
            lambda: yard().tokens.create(name, role, projects=projects or None, expires_in_days=days)
        )
    ):
        show_next(f"The token **{escaped(made.token.name)}**:", made.secret)


@st.dialog("Delete the token", icon=":material/delete:")
def delete(token: Token) -> None:
    st.markdown(f"**{escaped(token.name)}** (`{token.prefix}…`) is refused from this moment on.")
    if st.button("Delete for good", type="primary", icon=":material/delete:", key="tokens.deleted"):
        act(lambda: yard().tokens.delete(token.id), f"Deleted {token.name}")
