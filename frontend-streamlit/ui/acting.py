"""What a person changes: refused in words where they stand, else told once the page is drawn anew."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st
from boundary import show_failure

from libs.common.errors import ModelyardError
from ui.states import escaped

Made = TypeVar("Made")
_TOLD = "acting.told"


def toast() -> None:
    if told := st.session_state.pop(_TOLD, None):
        st.toast(escaped(told), icon=":material/check:")


def tell(what: str) -> None:
    st.session_state[_TOLD] = what
    st.rerun()


def act(do: Callable[[], object], told: str) -> None:
    try:
        do()
    except ModelyardError as error:
        show_failure(error)
    else:
        tell(told)


def attempt(make: Callable[[], Made]) -> Made | None:
    """None where it was refused, and said why."""
    try:
        return make()
    except ModelyardError as error:
        show_failure(error)
        return None


def change(do: Callable[[], object], told: str) -> None:
    """In a widget's callback, where nothing can be drawn: what is refused is said at the next run."""
    try:
        do()
    except ModelyardError as error:
        st.session_state[_TOLD] = f"{error.title}. {error.detail}"
    else:
        st.session_state[_TOLD] = told
