"""Who is told of what: channels with their rules, and the log of what was delivered."""

from collections.abc import Mapping
from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import is_administrator, may_edit
from ui.address import address_sections, address_select, given_id, go
from ui.channel_form import begin, new_channel
from ui.channel_rows import channel_row
from ui.cursor_pages import choose, page_buttons, place
from ui.delivery_rows import STATES, delivery_rows
from ui.project_choice import MOST_PROJECTS
from ui.states import empty_state

from libs.common.contracts.channels import Channel

SECTIONS = {
    "channels": ":material/notifications_active: Channels",
    "deliveries": ":material/outbox: Deliveries",
}
MOST_CHANNELS = 200
PAGE_SIZE = 50
FILTERS = ("channel", "state", "project")


def page() -> None:
    projects = {each.id: each.name for each in islice(yard().projects.list(), MOST_PROJECTS)}
    found = list(islice(yard().channels.list(), MOST_CHANNELS))
    may_add = is_administrator() or may_edit(None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Notifications", width="content")
        st.space("stretch")
        if may_add and st.button("New channel", type="primary", icon=":material/add:", key="channels.new"):
            begin()
            new_channel(projects, given_id("project"))
    with st.container(horizontal=True, vertical_alignment="center"):
        section = address_sections(SECTIONS, key="channels.section")
        select("Project", "project", {str(each): name for each, name in projects.items()}, "All projects")
    if section == "deliveries":
        deliveries(found, projects)
    else:
        channels(found, projects)


def channels(found: list[Channel], projects: Mapping[UUID, str]) -> None:
    project = given_id("project")
    shown = [each for each in found if project is None or each.project_id == project]
    if not shown:
        empty_state(
            "notifications_off",
            "Nobody is told of anything here yet. A channel leads to Discord, Slack, a webhook or e-mail.",
        )
    for channel in shown:
        channel_row(channel, projects)
    if not may_edit(None) and shown:
        st.caption("Editors of a project make and change its channels.")


def deliveries(known: list[Channel], projects: Mapping[UUID, str]) -> None:
    names = {each.id: each.name for each in known}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        select("Channel", "channel", {str(each): name for each, name in names.items()}, "All channels")
        select("State", "state", dict(STATES), "Any state")
    state = st.query_params.get("state")
    found = yard().deliveries.page(
        channel=given_id("channel"),
        state=state if state in STATES else None,
        project=given_id("project"),
        limit=PAGE_SIZE,
        cursor=place().cursor,
    )
    if not found.items:
        nothing()
        return
    dates = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")
    st.dataframe(
        list(delivery_rows(found.items, names, projects)),
        hide_index=True,
        height="content",
        key="deliveries.rows",
        column_config={
            "When": dates,
            "Next attempt": dates,
            "What": st.column_config.TextColumn(width="medium"),
            "Error": st.column_config.TextColumn(width="medium"),
        },
    )
    page_buttons(found.next_cursor, key="deliveries")


def nothing() -> None:
    if any(st.query_params.get(part) for part in FILTERS):
        empty_state("search_off", "No delivery fits.", "Show all", show_all)
    else:
        empty_state("outbox", "Nothing was told yet.")


def show_all() -> None:
    choose(**dict.fromkeys(FILTERS))
    st.rerun()


def select(label: str, part: str, options: Mapping[str, str], placeholder: str) -> None:
    address_select(
        label,
        part,
        options,
        key=f"notifications.{part}",
        placeholder=placeholder,
        width=200,
        on_choose=lambda value: go(**{part: value, "cursor": None, "page": None}),
    )


page()
