"""States as badges, emptiness as an invitation, times and sizes as people say them."""

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

COLORS = {
    "ready": "green",
    "completed": "green",
    "running": "blue",
    "importing": "blue",
    "preparing": "blue",
    "loading": "blue",
    "pending": "gray",
    "queued": "gray",
    "stopping": "orange",
    "lost": "orange",
    "away": "orange",
    "raw": "orange",
    "cancelled": "gray",
    "failed": "red",
    "not_found": "red",
}
ICONS = {
    "green": ":material/check_circle:",
    "blue": ":material/progress_activity:",
    "gray": ":material/schedule:",
    "orange": ":material/pause_circle:",
    "red": ":material/error:",
}


def state_badge(state: str) -> None:
    color = COLORS.get(state, "gray")
    st.badge(state.replace("_", " "), color=color, icon=ICONS[color])


def empty_state(
    icon: str, sentence: str, action: str | None = None, on_action: Callable[[], None] | None = None
) -> None:
    """An icon, one sentence, one primary action."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"### :material/{icon}:", text_alignment="center")
        st.markdown(sentence, text_alignment="center")
        if action and on_action and st.button(action, type="primary", key=f"empty.{icon}"):
            on_action()


def counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def ago(moment: datetime | None) -> str:
    if moment is None:
        return "never"
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(num_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.1f} TB"


def shortened(text: str, most_letters: int = 90) -> str:
    return text if len(text) <= most_letters else f"{text[:most_letters].rstrip()}…"


def escaped(text: str) -> str:
    """User text inside Markdown: shown as typed, never as formatting or links."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+-.!|<>~:$&" else letter for letter in text)
