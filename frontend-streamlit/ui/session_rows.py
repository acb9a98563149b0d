"""Where somebody is signed in, one below the other, and the way out of each."""

from itertools import islice

import streamlit as st
from session import yard

from libs.common.contracts.access import Session
from ui.acting import act
from ui.states import ago, escaped, shortened

MOST_SESSIONS = 50
# What browsers call themselves; most name others, too, so the first that fits is it.
BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "python-httpx": "A program",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iOS",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@st.dialog("Where you are signed in", icon=":material/devices:", width="large")
def own_sessions() -> None:
    found = list(islice(yard().sessions.list(), MOST_SESSIONS))
    for session in found:
        _row(session)
    if len(found) < 2:
        st.caption("Nowhere else.")
    elif st.button("Sign out everywhere else", icon=":material/logout:", key="sessions.others"):
        act(lambda: yard().sessions.end_others(), "Signed out everywhere else")


def _row(session: Session) -> None:
    with (
        st.container(border=True, key=f"sessions.row.{session.id}"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        st.markdown(f"**{escaped(browser_words(session.agent))}**", width="content")
        if session.is_this:
            st.badge("here", color="green", icon=":material/check:")
        if session.token_id:
            st.badge("with a token", color="gray", icon=":material/key:")
        st.caption(" · ".join(_facts(session)), width="content")
        st.space("stretch")
        if not session.is_this and st.button("Sign out", key=f"sessions.end.{session.id}"):
            act(lambda: yard().sessions.end(session.id), "Signed out there")


def _facts(session: Session) -> list[str]:
    place = [f"from {escaped(session.address)}"] if session.address else []
    return [*place, f"seen {ago(session.last_seen_at)}", f"begun {ago(session.begun_at)}"]


def browser_words(agent: str | None) -> str:
    """`Firefox on Linux`; of what is unknown, its own words."""
    if not agent:
        return "A browser"
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), shortened(agent, 40))
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), None)
    return f"{browser} on {system}" if system else browser
