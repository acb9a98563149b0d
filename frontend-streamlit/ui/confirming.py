"""What cannot be undone is confirmed by typing its name."""

from collections.abc import Callable

import streamlit as st

from ui.states import escaped


def confirm_deletion(what: str, name: str, consequence: str, delete: Callable[[], None], *, key: str) -> None:
    """Shown as a dialog; `delete` runs once, and the page is run anew afterwards."""

    @st.dialog(f"Delete {what}")
    def ask() -> None:
        st.markdown(f"**{escaped(name)}**: {consequence}")
        typed = st.text_input("Type its name to go on", key=f"{key}.typed")
        if st.button(
            "Delete for good",
            type="primary",
            icon=":material/delete:",
            key=f"{key}.delete",
            disabled=typed.strip() != name,
        ):
            delete()
            st.rerun()

    ask()
