"""What stands around a page of tiles: which ones these are, how large they are, and the way to others."""

from typing import Any, cast

import streamlit as st
from comp.sample_grid import TileSize
from comp.sample_view import Surroundings

from ui.address import go
from ui.tiles import TilePage, Tiles

SIZES = {"small": "S", "medium": "M", "large": "L"}


def range_of(page: TilePage[Any], count: int | None) -> str:
    if not page.items:
        return "No samples"
    shown = f"{page.first:,}–{page.last:,}"
    return f"{shown} of {count:,}" if count is not None else shown


def size_choice(*, key: str) -> None:
    st.segmented_control(
        "Tiles",
        list(SIZES),
        default="medium",
        required=True,
        key=key,
        format_func=SIZES.__getitem__,
        label_visibility="collapsed",
        persist_state="session",
    )


def chosen_size(*, key: str) -> TileSize:
    return cast(TileSize, st.session_state.get(key) or "medium")


def pager(tiles: Tiles[Any], page: TilePage[Any], place: str, *, key: str) -> None:
    # One of the two pagers hears the keyboard, and none while a sample lies over the page.
    is_heard = place == "top" and "sample" not in st.query_params
    st.button(
        "Previous",
        key=f"{key}.previous.{place}",
        icon=":material/chevron_left:",
        disabled=page.number <= 1,
        shortcut="P" if is_heard else None,
        on_click=lambda: tiles.turn("previous"),
    )
    st.button(
        "Next",
        key=f"{key}.next.{place}",
        icon=":material/chevron_right:",
        icon_position="right",
        disabled=page.next_cursor is None,
        shortcut="N" if is_heard else None,
        on_click=lambda: tiles.turn("next"),
    )


def bottom_pager(tiles: Tiles[Any], page: TilePage[Any], *, key: str) -> None:
    """Nothing where there is only one page."""
    if page.number > 1 or page.next_cursor:
        with st.container(horizontal=True, horizontal_alignment="right"):
            pager(tiles, page, "bottom", key=key)


def around(page: TilePage[Any], place: int | None, total: int | None) -> Surroundings:
    """A sample that is not on the page was linked to by itself and has no neighbours."""
    if place is None:
        return Surroundings()
    return Surroundings(
        place=f"{page.first + place:,} of {total:,}" if total else f"{page.first + place:,}",
        has_previous=place > 0 or page.number > 1,
        has_next=place + 1 < len(page.items) or page.next_cursor is not None,
        neighbours=(*page.ids[max(0, place - 1) : place], *page.ids[place + 1 : place + 2]),
    )


def open_sample(sample_id: object) -> None:
    go(sample=sample_id)
