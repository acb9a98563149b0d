"""Above every page: the bell, and who is signed in with what they may do about that."""

import streamlit as st
from comp.bell import bell
from session import caller

from ui.account import account_menu
from ui.acting import toast

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
    toast()
    if opened is not None:
        page, address = opened
        st.switch_page(f"app_pages/{page}.py", query_params=address)
