"""Above every page: the bell, and who is signed in with what they may do about that."""

import streamlit as st
from comp.bell import bell
from comp.login import login_form
from comp.sign_out import sign_out_button
from session import caller

from ui.states import counted, escaped, shortened

# Beside the menu that Streamlit has there: no line of the page is spent on it.
_PLACE = """
<style>
.st-key-header {
  position: fixed;
  top: 0.55rem;
  right: 3.2rem;
  z-index: 999991;
  width: auto;
}
</style>
"""


def header() -> None:
    st.html(_PLACE)
    with st.container(
        key="header", horizontal=True, vertical_alignment="center", width="content", gap="small"
    ):
        opened = bell(caller(), key="header.bell")
        account_menu()
    if opened is not None:
        page, address = opened
        st.switch_page(f"app_pages/{page}.py", query_params=address)


def account_menu() -> None:
    who = caller()
    with st.popover(escaped(shortened(who.name, 24)), icon=":material/account_circle:", type="tertiary"):
        st.markdown(f"**{escaped(who.name)}**")
        st.badge(who.role, icon=":material/shield_person:")
        if not who.sees_all_projects:
            st.caption(f"In {counted(len(who.projects), 'project')}")
        if st.button(
            "Sign in as somebody else",
            icon=":material/switch_account:",
            key="account.switch",
            width="stretch",
        ):
            sign_in_as_another()
        sign_out_button()


@st.dialog("Sign in as somebody else")
def sign_in_as_another() -> None:
    login_form(key="account.login")
