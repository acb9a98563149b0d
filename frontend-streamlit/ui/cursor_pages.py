"""Pages of a list by cursor: the address holds the place, and the way back is remembered."""

from dataclasses import dataclass

import streamlit as st

from ui.address import given_number, go


@dataclass(frozen=True)
class Place:
    cursor: str | None
    number: int


def place() -> Place:
    cursor = st.query_params.get("cursor") or None
    return Place(cursor, given_number("page", 1) if cursor else 1)


def choose(**changes: object) -> None:
    """What is asked for otherwise begins at its first page."""
    go(**changes, cursor=None, page=None)


def page_buttons(next_cursor: str | None, *, key: str) -> None:
    """Nothing for a list of one page. Where the way back is not known it leads to the start."""
    here = place()
    if here.number == 1 and here.cursor is None and next_cursor is None:
        return
    trail: dict[tuple[str, int], str] = st.session_state.setdefault(f"{key}.trail", {})
    asked = _asked()
    if here.cursor:
        trail[asked, here.number] = here.cursor
    before = trail.get((asked, here.number - 1))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        st.button(
            "Previous",
            icon=":material/chevron_left:",
            key=f"{key}.previous",
            disabled=here.cursor is None,
            on_click=lambda: go(cursor=before, page=here.number - 1 if before else None),
        )
        st.caption(f"Page {here.number}", width="content")
        st.button(
            "Next",
            icon=":material/chevron_right:",
            icon_position="right",
            key=f"{key}.next",
            disabled=next_cursor is None,
            on_click=lambda: go(cursor=next_cursor, page=here.number + 1),
        )


def _asked() -> str:
    """Everything in the address but the place itself."""
    parts = st.query_params.to_dict()
    return str(sorted((part, value) for part, value in parts.items() if part not in ("cursor", "page")))
