"""Channels one below the other: where each leads, what it tells of, and whether it does."""

from collections.abc import Mapping
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.channels import Channel, ChannelKind, DeliveryState
from ui.access import is_administrator, may_edit
from ui.acting import act, attempt
from ui.channel_form import KINDS, begin, change_channel
from ui.confirming import confirm_deletion
from ui.rule_words import rules_in_words
from ui.states import escaped, shortened

ICONS = {
    ChannelKind.LOG: "notes",
    ChannelKind.DISCORD: "forum",
    ChannelKind.SLACK: "tag",
    ChannelKind.WEBHOOK: "webhook",
    ChannelKind.EMAIL: "mail",
}
ACTIONS = {
    "change": ":material/edit: Change",
    "pause": ":material/pause: Pause",
    "go_on": ":material/play_arrow: Go on",
    "delete": ":material/delete: Delete",
}


def channel_row(channel: Channel, projects: Mapping[UUID, str]) -> None:
    with st.container(border=True, key=f"channels.row.{channel.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/{ICONS[channel.kind]}: **{escaped(shortened(channel.name, 50))}**",
                width="content",
            )
            st.badge(KINDS.get(channel.kind, "Log of the notifier"), color="gray")
            if not channel.is_active:
                st.badge("paused", color="orange", icon=":material/pause_circle:")
            st.caption(" · ".join(_facts(channel, projects)), width="content")
            st.space("stretch")
            if may_change(channel):
                _buttons(channel, projects)
        st.caption(f"Tells of {escaped(rules_in_words(channel.rules, projects))}.")
        _tried(channel)


def may_change(channel: Channel) -> bool:
    return is_administrator() if channel.project_id is None else may_edit(channel.project_id)


def _facts(channel: Channel, projects: Mapping[UUID, str]) -> list[str]:
    whose = projects.get(channel.project_id, "a project") if channel.project_id else "the house"
    return [f"of {escaped(shortened(whose, 40))}", *([escaped(channel.target)] if channel.target else [])]


def _buttons(channel: Channel, projects: Mapping[UUID, str]) -> None:
    if st.button("Test", icon=":material/send:", key=f"channels.test.{channel.id}") and (
        tried := attempt(lambda: yard().channels.test(channel.id))
    ):
        st.session_state["channels.tried"] = tried
    hidden = {"pause" if not channel.is_active else "go_on"}
    if channel.kind is ChannelKind.LOG:
        hidden.add("delete")
    chosen = st.menu_button(
        "",
        [action for action in ACTIONS if action not in hidden],
        icon=":material/more_vert:",
        type="tertiary",
        key=f"channels.menu.{channel.id}",
        format_func=ACTIONS.__getitem__,
        help=f"What can be done with {channel.name}",
    )
    match chosen:
        case "change":
            begin()
            change_channel(channel, projects)
        case "pause":
            act(lambda: yard().channels.update(channel.id, is_active=False), f"{channel.name} is paused")
        case "go_on":
            act(lambda: yard().channels.update(channel.id, is_active=True), f"{channel.name} tells again")
        case "delete":
            confirm_deletion(
                "the channel",
                channel.name,
                "nobody is told through it any more, and its deliveries go with it.",
                lambda: yard().channels.delete(channel.id),
                key="channels.confirm",
            )


def _tried(channel: Channel) -> None:
    tried = st.session_state.get("channels.tried")
    if tried is None or tried.channel_id != channel.id:
        return
    if tried.state is DeliveryState.SENT:
        st.success("The test message has arrived.", icon=":material/check_circle:")
    else:
        st.error(f"The test message has not arrived: {escaped(tried.error or '')}", icon=":material/error:")
