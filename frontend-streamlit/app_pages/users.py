"""Accounts of the house: who there is, with which role, and the way to a new one."""

import streamlit as st
from session import yard
from ui.access import only_for_administrators
from ui.address import address_search
from ui.cursor_pages import choose, page_buttons, place
from ui.roles import IN_A_PROJECT, OF_THE_HOUSE
from ui.states import empty_state
from ui.user_rows import new_account, user_row

PAGE_SIZE = 25


def page() -> None:
    if not only_for_administrators("Accounts"):
        return
    header()
    sought = st.query_params.get("q") or None
    found = yard().users.page(sought, limit=PAGE_SIZE, cursor=place().cursor)
    if not found.items:
        empty_state("search_off", "No account fits.", "Show all", show_all)
    for user in found.items:
        user_row(user)
    page_buttons(found.next_cursor, key="users")
    what_roles_may()


def header() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Users and roles", width="content")
        st.space("stretch")
        address_search("Search names", "q", key="users.q", on_choose=lambda text: choose(q=text))
        if st.button("New account", type="primary", icon=":material/person_add:", key="users.new"):
            new_account()


def what_roles_may() -> None:
    with st.expander("What the roles may do", icon=":material/shield_person:"):
        rows = (f"| **{role}** | {words} | {IN_A_PROJECT[role]} |" for role, words in OF_THE_HOUSE.items())
        st.markdown("\n".join(["| Role | An account | A member of a project |", "|---|---|---|", *rows]))
        st.caption(
            "The account's role is the most that it may do anywhere; a viewer stays one in every project."
        )


def show_all() -> None:
    choose(q=None)
    st.rerun()


page()
