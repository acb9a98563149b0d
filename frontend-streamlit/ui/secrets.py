"""A secret that is shown once, in the window where it was made: to be copied now, or never."""

from dataclasses import dataclass

import streamlit as st

_KEPT = "secrets.kept"


@dataclass(frozen=True)
class Shown:
    """`sentence` says what it is and whose."""

    sentence: str
    secret: str


def show_next(sentence: str, secret: str) -> None:
    """Instead of the form, in the window that is open."""
    st.session_state[_KEPT] = Shown(sentence, secret)
    st.rerun(scope="fragment")


def forget() -> None:
    st.session_state.pop(_KEPT, None)


def is_shown() -> bool:
    """True while there is one to copy; the window shows nothing else then."""
    shown: Shown | None = st.session_state.get(_KEPT)
    if shown is None:
        return False
    st.markdown(shown.sentence)
    st.code(shown.secret, language=None)
    st.caption(":orange[:material/visibility_off: It is shown this once. What is kept of it cannot be read.]")
    if st.button("I have it", type="primary", icon=":material/check:", key="secrets.done"):
        forget()
        st.rerun()
    return True
