"""What was ticked to be compared: kept from page to page, experiments and runs alike."""

from uuid import UUID

import streamlit as st

MOST_COMPARED = 20
# What was ticked → the run that stands for it.
Ticked = dict[str, str]


def tick(own: str, name: str, run_id: UUID | None) -> None:
    """What was never run has nothing to compare."""
    ticked, key = _ticked(), f"ticks.{own}"
    st.session_state[key] = own in ticked
    is_full = own not in ticked and len(ticked) >= MOST_COMPARED

    def change() -> None:
        if st.session_state[key]:
            ticked[own] = str(run_id)
        else:
            ticked.pop(own, None)

    st.checkbox(
        f"Compare {name}",
        key=key,
        label_visibility="collapsed",
        disabled=run_id is None or is_full,
        help=_why_not(run_id, is_full),
        on_change=change,
        width="content",
    )


def compare_bar() -> None:
    """Appears with the first tick."""
    ticked = _ticked()
    if not ticked:
        return
    runs = list(dict.fromkeys(ticked.values()))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "app_pages/compare.py",
            label=f"**Compare {len(runs)}**",
            icon=":material/compare_arrows:",
            query_params={"runs": ",".join(runs)},
            disabled=len(runs) < 2,
            help="Tick another one to compare with" if len(runs) < 2 else None,
            width="content",
        )
        st.button("Untick all", type="tertiary", key="ticks.none", on_click=ticked.clear)


def forget(own: str) -> None:
    _ticked().pop(own, None)


def _ticked() -> Ticked:
    return st.session_state.setdefault("ticks", {})


def _why_not(run_id: UUID | None, is_full: bool) -> str | None:
    if run_id is None:
        return "Never run"
    return f"{MOST_COMPARED} are compared at most" if is_full else None
