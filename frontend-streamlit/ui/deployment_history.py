"""What a deployment was wished to serve, change by change, and what going back would lead to."""

from collections.abc import Sequence

import streamlit as st

from libs.common.contracts.deployments import Revision, ServingSettings
from ui.states import ago


def way_back(newest_first: Sequence[Revision]) -> Revision | None:
    """What a rollback leads to; None where nothing served before.

    The room decides, by the same rule: changes are a stack, and a rollback takes off what it goes back from.
    This is to say it beforehand.
    """
    past: list[Revision] = []
    for each in reversed([each for each in newest_first if not each.is_canary]):
        if each.is_rollback:
            while past and not is_same(past[-1], each):
                past.pop()
        else:
            past.append(each)
    earlier = reversed(past[:-1])
    return next((each for each in earlier if each.served_at and not is_same(each, past[-1])), None)


def is_same(one: Revision, other: Revision) -> bool:
    return (one.model, one.version, one.settings) == (other.model, other.version, other.settings)


def history_view(revisions: Sequence[Revision]) -> None:
    for place, each in enumerate(revisions):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.caption(f"{each.revision}", width=30)
            st.markdown(f"**{each.model} v{each.version}**", width="content")
            kind(each)
            st.caption(f"wished {ago(each.created_at)}", width="content")
            served = f"answered {ago(each.served_at)}" if each.served_at else "has not answered"
            st.caption(served, width="content")
            before = revisions[place + 1] if place + 1 < len(revisions) else None
            if before and before.settings != each.settings:
                st.caption(f":material/tune: {changed(before.settings, each.settings)}", width="content")


def kind(each: Revision) -> None:
    if each.is_rollback:
        st.badge("rollback", color="orange", icon=":material/undo:")
    if each.is_canary:
        st.badge("on trial", color="orange", icon=":material/science:")


def changed(before: ServingSettings, after: ServingSettings) -> str:
    """Only what differs."""
    old, new = before.model_dump(), after.model_dump()
    return ", ".join(
        f"{name.replace('_', ' ')} {'default' if value is None else f'{value:g}'}"
        for name, value in new.items()
        if value != old[name]
    )
