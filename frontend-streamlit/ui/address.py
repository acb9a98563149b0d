"""The address says what a page shows: read from it and written to it, so that every link leads there."""

import re
from collections.abc import Callable, Mapping
from typing import Literal
from uuid import UUID

import streamlit as st

from libs.common.errors import BadInput

Choose = Callable[[str | None], None]
Width = int | Literal["stretch"]
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def given_id(part: str) -> UUID | None:
    """Raises BadInput for what is no id, in words for whoever pasted half a link."""
    text = st.query_params.get(part)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise BadInput(f"the address says {part}={text[:60]}, which is no id") from None


def given_name(part: str) -> str | None:
    """Of a model or deployment. Raises BadInput for what cannot be one's name."""
    text = st.query_params.get(part)
    if not text:
        return None
    if not NAME.fullmatch(text):
        raise BadInput(f"the address says {part}={text[:60]}, which is no name")
    return text


def given_number(part: str, default: int) -> int:
    text = st.query_params.get(part, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def go(**changes: object) -> None:
    """Changes parts of the address in one step of the browser's history; None takes a part out."""
    parts: dict[str, object] = {**st.query_params.to_dict(), **changes}
    st.query_params.from_dict({part: str(value) for part, value in parts.items() if value not in (None, "")})


def address_select(
    label: str,
    part: str,
    options: Mapping[str, str],
    *,
    key: str,
    on_choose: Choose,
    default: str | None = None,
    placeholder: str | None = None,
    width: Width = 180,
    is_labelled: bool = False,
) -> None:
    """A choice that the address holds by its value, not by its name; it follows the browser's history.

    The address is the truth, so the widget is set from it at every run; `default` is not written there.
    """
    given = st.query_params.get(part)
    st.session_state[key] = given if given in options else default
    st.selectbox(
        label,
        list(options),
        index=None if default is None else 0,
        format_func=options.__getitem__,
        key=key,
        placeholder=placeholder,
        width=width,
        label_visibility="visible" if is_labelled else "collapsed",
        on_change=lambda: on_choose(_unless(st.session_state[key], default)),
    )


def address_sections(options: Mapping[str, str], *, key: str) -> str:
    """Parts of a page of which one is shown; the address says which, and the first when it says nothing."""
    first = next(iter(options))
    given = st.query_params.get("section")
    st.session_state[key] = given if given in options else first
    return st.segmented_control(
        "Section",
        list(options),
        required=True,
        key=key,
        format_func=options.__getitem__,
        label_visibility="collapsed",
        on_change=lambda: go(section=_unless(st.session_state[key], first)),
    )


def address_pages(num_pages: int, number: int, *, key: str) -> None:
    """Nothing for one page; the first is not written into the address."""
    if num_pages == 1:
        return
    st.session_state[key] = number
    st.pagination(
        num_pages,
        key=key,
        on_change=lambda: go(page=None if st.session_state[key] == 1 else st.session_state[key]),
    )


def address_search(label: str, part: str, *, key: str, on_choose: Choose, width: Width = 220) -> None:
    st.session_state[key] = st.query_params.get(part, "")
    st.text_input(
        label,
        key=key,
        type="search",
        placeholder=label,
        width=width,
        label_visibility="collapsed",
        on_change=lambda: on_choose(st.session_state[key].strip() or None),
    )


def _unless(value: str | None, default: str | None) -> str | None:
    return None if value == default else value
