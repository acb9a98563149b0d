"""One's own account: who one is here, another password, the way out."""

import streamlit as st
from comp.login import login_form
from comp.sign_out import sign_out_button
from session import caller, yard

from ui.acting import act
from ui.roles import OF_THE_HOUSE, role_badge
from ui.states import counted, escaped, shortened

LEAST_LETTERS = 10


def account_menu() -> None:
    who = caller()
    with st.popover(escaped(shortened(who.name, 24)), icon=":material/account_circle:", type="tertiary"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escaped(who.name)}**", width="content")
            role_badge(who.role)
        home = (
            "At home in every project"
            if who.sees_all_projects
            else f"In {counted(len(who.projects), 'project')}"
        )
        st.caption(f"{home}. Who is {who.role} {OF_THE_HOUSE[who.role]}.")
        st.page_link("app_pages/tokens.py", label="API tokens", icon=":material/key:")
        if st.button("Change password", icon=":material/password:", key="account.password", width="stretch"):
            change_password()
        if st.button(
            "Sign in as somebody else",
            icon=":material/switch_account:",
            key="account.switch",
            width="stretch",
        ):
            sign_in_as_another()
        sign_out_button()


@st.dialog("Change your password", icon=":material/password:")
def change_password() -> None:
    old = st.text_input("The present one", type="password", key="account.old")
    new = st.text_input(
        "The new one",
        type="password",
        key="account.new",
        max_chars=200,
        help=f"At least {LEAST_LETTERS} letters",
    )
    again = st.text_input("The new one again", type="password", key="account.again", max_chars=200)
    is_same = new == again
    if new and len(new) < LEAST_LETTERS:
        st.caption(f":orange[At least {LEAST_LETTERS} letters.]")
    elif again and not is_same:
        st.caption(":orange[The two differ.]")
    st.caption("Everywhere else you are signed out.")
    is_ready = bool(old) and len(new) >= LEAST_LETTERS and is_same
    if st.button("Change", type="primary", disabled=not is_ready, key="account.change"):
        act(lambda: yard().change_password(old, new), "Your password is changed")


@st.dialog("Sign in as somebody else", icon=":material/switch_account:")
def sign_in_as_another() -> None:
    login_form(key="account.login")
