"""Roles: what each may do, in words, and the choice of one."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from libs.common.contracts.access import Role

COLORS: dict[Role, Literal["gray", "blue", "violet"]] = {
    Role.VIEWER: "gray",
    Role.EDITOR: "blue",
    Role.ADMIN: "violet",
}
OF_THE_HOUSE = {
    Role.VIEWER: "looks at the projects they are a member of, and changes nothing",
    Role.EDITOR: "makes projects, and does in others what their membership says",
    Role.ADMIN: "is at home in every project, and administers people and settings",
}
IN_A_PROJECT = {
    Role.VIEWER: "looks at everything in it",
    Role.EDITOR: "brings in data, trains, evaluates, exports and deploys",
    Role.ADMIN: "manages its members besides, and may delete it",
}


def role_badge(role: Role) -> None:
    st.badge(role, color=COLORS[role], icon=":material/shield_person:")


def role_select(
    chosen: Role, words: dict[Role, str], *, key: str, options: Sequence[Role] = tuple(Role)
) -> Role:
    """`words` says what each role may do there."""
    role = st.segmented_control("Role", options, default=chosen, required=True, key=key)
    st.caption(f"Who is {role} {words[role]}.")
    return role
