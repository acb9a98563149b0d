"""One's own account: who one is here, another password, the way out."""

from itertools import islice

import streamlit as st
from comp.login import login_form
from comp.sign_out import sign_out
from session import caller, yard

from libs.common.contracts.access import Caller
from ui.acting import act
from ui.project_choice import MOST_PROJECTS
from ui.roles import OF_THE_HOUSE, role_badge
from ui.session_rows import own_sessions
from ui.states import escaped, shortened

LEAST_LETTERS = 10
ACTIONS = {
    "about": ":material/badge: My account",
    "tokens": ":material/key: API tokens",
    "password": ":material/password: Change password",
    "sessions": ":material/devices: Where I am signed in",
    "switch": ":material/switch_account: Sign in as somebody else",
    "leave": ":material/logout: Sign out",
}


def account_menu() -> None:
    who = caller()
    chosen = st.menu_button(
        f"{escaped(shortened(who.name, 24))} · {who.role}",
        list(ACTIONS),
        icon=":material/account_circle:",
        type="tertiary",
        key="account.menu",
        format_func=ACTIONS.__getitem__,
    )
    match chosen:
        case "about":
            about(who)
        case "tokens":
            st.switch_page("app_pages/tokens.py")
        case "password":
            change_password()
        case "sessions":
            own_sessions()
        case "switch":
            sign_in_as_another()
        case "leave":
            leave()


@st.dialog("My account", icon=":material/badge:")
def about(who: Caller) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escaped(who.name)}**", width="content")
        role_badge(who.role)
    st.caption(f"Who is {who.role} {OF_THE_HOUSE[who.role]}.")
    if who.sees_all_projects:
        st.caption("At home in every project.")
        return
    names = {each.id: each.name for each in islice(yard().projects.list(), MOST_PROJECTS)}
    if not who.projects:
        st.caption("A member of no project yet: an admin of one adds you.")
    for each in who.projects:
        name = names.get(each.project_id, "a project")
        st.markdown(f"- {escaped(shortened(name, 60))}: {each.role}")


@st.dialog("Sign out", icon=":material/logout:")
def leave() -> None:
    sign_out(key="account.leave")


@st.dialog("Change your password", icon=":material/password:")
def change_password() -> None:
    with st.form("account.password", border=False):
        old = st.text_input("The present one", type="password", key="account.old")
        new = st.text_input("The new one", type="password", key="account.new", max_chars=200)
        again = st.text_input("The new one again", type="password", key="account.again", max_chars=200)
        st.caption(f"At least {LEAST_LETTERS} letters. Everywhere else you are signed out.")
        if not st.form_submit_button("Change", type="primary", key="account.change"):
            return
    if len(new) < LEAST_LETTERS:
        st.error(f"The new one has fewer than {LEAST_LETTERS} letters.", icon=":material/error:")
    elif new != again:
        st.error("The new one was not typed alike twice.", icon=":material/error:")
    else:
        act(lambda: yard().change_password(old, new), "Your password is changed")


@st.dialog("Sign in as somebody else", icon=":material/switch_account:")
def sign_in_as_another() -> None:
    login_form(key="account.login")
