"""API tokens: one's own; for administrators those of everybody."""

from itertools import islice

import streamlit as st
from session import caller, yard
from ui.access import is_administrator
from ui.address import address_select, go
from ui.project_choice import MOST_PROJECTS
from ui.states import empty_state
from ui.token_rows import new_token, token_row

MOST_SHOWN = 200
OWN, ALL = "", "all"


def page() -> None:
    names = {each.id: each.name for each in islice(yard().projects.list(), MOST_PROJECTS)}
    shows_all = is_administrator() and st.query_params.get("of") == ALL
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("API tokens", width="content")
        st.space("stretch")
        if is_administrator():
            whose()
        is_wanted = st.button("New token", type="primary", icon=":material/add:", key="tokens.new")
    found = list(islice(yard().tokens.list(None if shows_all else caller().user_id), MOST_SHOWN))
    if not found:
        empty_state("key", "No token yet. A program shows one to act in your name.")
    for token in found:
        token_row(token, names, has_owner=shows_all)
    if len(found) == MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN}.")
    if is_wanted:
        new_token(names)


def whose() -> None:
    address_select(
        "Whose",
        "of",
        {OWN: "My own", ALL: "Of everybody"},
        key="tokens.of",
        default=OWN,
        on_choose=lambda value: go(of=value),
    )


page()
