"""Pages of a list by cursor: the address holds the place, and the way back is remembered."""

from dataclasses import dataclass

import streamlit as st

from ui.address import given_number, go


@dataclass(frozen=True)
class Place:
    cursor: str | None
    number: int


@dataclass(frozen=True)
class Parts:
    """Where the address holds the place; `asked` are the parts that the list depends on, None for all."""

    cursor: str = "cursor"
    page: str = "page"
    asked: tuple[str, ...] | None = None


PARTS = Parts()


def place(parts: Parts = PARTS) -> Place:
    cursor = st.query_params.get(parts.cursor) or None
    return Place(cursor, given_number(parts.page, 1) if cursor else 1)


def choose(**changes: object) -> None:
    """What is asked for otherwise begins at its first page."""
    go(**changes, cursor=None, page=None)


def page_buttons(next_cursor: str | None, *, key: str, parts: Parts = PARTS) -> None:
    """Nothing for a list of one page. Where the way back is not known it leads to the start."""
    here = place(parts)
    if here.number == 1 and here.cursor is None and next_cursor is None:
        return
    trail: dict[tuple[str, int], str] = st.session_state.setdefault(f"{key}.trail", {})
    asked = _asked(parts)
    if here.cursor:
        trail[asked, here.number] = here.cursor
    before = trail.get((asked, here.number - 1))

    def turn(cursor: str | None, number: int | None) -> None:
        go(**{parts.cursor: cursor, parts.page: number})

    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        st.button(
            "Previous",
            icon=":material/chevron_left:",
            key=f"{key}.previous",
            disabled=here.cursor is None,
            on_click=lambda: turn(before, here.number - 1 if before else None),
        )
        st.caption(f"Page {here.number}", width="content")
        st.button(
            "Next",
            icon=":material/chevron_right:",
            icon_position="right",
            key=f"{key}.next",
            disabled=next_cursor is None,
            on_click=lambda: turn(next_cursor, here.number + 1),
        )


def _asked(parts: Parts) -> str:
    """What the list was asked for, without the place itself."""
    given = st.query_params.to_dict().items()
    return str(
        sorted(
            (part, value)
            for part, value in given
            if part not in (parts.cursor, parts.page) and (parts.asked is None or part in parts.asked)
        )
    )
