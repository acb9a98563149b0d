"""A channel made or changed, in a window of its own: whose it is, where it leads, what it tells of."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.channels import Channel, ChannelKind, Rule
from ui.access import is_administrator, may_edit
from ui.acting import act, attempt, tell
from ui.rule_form import rule_form
from ui.secrets import forget, is_shown, show_next
from ui.states import escaped

KINDS = {
    ChannelKind.DISCORD: "Discord",
    ChannelKind.SLACK: "Slack",
    ChannelKind.WEBHOOK: "Webhook",
    ChannelKind.EMAIL: "E-mail",
}
ADDRESSES = {
    ChannelKind.DISCORD: ("Webhook address", "https://discord.com/api/webhooks/…"),
    ChannelKind.SLACK: ("Webhook address", "https://hooks.slack.com/services/…"),
    ChannelKind.WEBHOOK: ("Address", "https://example.org/modelyard"),
}
FORM = "channels.form"


def begin() -> None:
    """A form that was left says nothing about the next one."""
    for key in [key for key in st.session_state if str(key).startswith(FORM)]:
        del st.session_state[key]


@st.dialog("New channel", width="medium", icon=":material/add_alert:", on_dismiss=forget)
def new_channel(projects: Mapping[UUID, str], chosen: UUID | None) -> None:
    if is_shown():
        return
    kind = st.segmented_control(
        "Kind",
        list(KINDS),
        default=ChannelKind.DISCORD,
        required=True,
        format_func=KINDS.__getitem__,
        key=f"{FORM}.kind",
        label_visibility="collapsed",
    )
    name = st.text_input("Name", key=f"{FORM}.name", max_chars=200, placeholder="team").strip()
    owner = _whose(projects, chosen)
    target = _target(kind)
    rules = rule_form((Rule(),), {} if owner else projects, key=FORM)
    if not st.button("Create", type="primary", disabled=not (name and target), key=f"{FORM}.create"):
        return
    assert target is not None
    made = attempt(lambda: yard().channels.create(name, target, project=owner, rules=rules))
    if made and made.secret:
        show_next(
            f"What the receiver of **{escaped(name)}** checks signatures with "
            "(`libs.client.webhooks.verify` does it):",
            made.secret,
        )
    elif made:
        tell(f"Made {name}")


def _whose(projects: Mapping[UUID, str], chosen: UUID | None) -> UUID | None:
    """None: of the house, which only administrators may say."""
    own = [each for each in projects if may_edit(each)]
    options: list[UUID | None] = [*([None] if is_administrator() else []), *own]
    return st.selectbox(
        "Whose",
        options,
        index=options.index(chosen) if chosen in options else 0,
        format_func=lambda each: projects[each] if each else "The house: of every project",
        key=f"{FORM}.owner",
    )


def _target(kind: ChannelKind) -> Mapping[str, Any] | None:
    """None while it says nothing."""
    if kind is ChannelKind.EMAIL:
        typed = st.text_area("Recipients, one a line", key=f"{FORM}.recipients", height=80)
        recipients = [each.strip() for each in typed.splitlines() if each.strip()]
        return {"kind": kind, "recipients": recipients} if recipients else None
    label, example = ADDRESSES[kind]
    url = st.text_input(label, key=f"{FORM}.url.{kind}", placeholder=example, max_chars=2000).strip()
    return {"kind": kind, "url": url} if url else None


@st.dialog("Change the channel", width="medium", icon=":material/edit:")
def change_channel(channel: Channel, projects: Mapping[UUID, str]) -> None:
    """Where it leads is a secret: it is typed anew, or stays."""
    name = st.text_input("Name", channel.name, key=f"{FORM}.name", max_chars=200).strip()
    target = None
    if channel.kind in KINDS:
        st.caption(f"It leads to {escaped(channel.target)}. Leave this empty and it stays so.")
        target = _target(channel.kind)
    rules = rule_form(channel.rules, {} if channel.project_id else projects, key=FORM)
    if st.button("Save", type="primary", disabled=not name, key=f"{FORM}.save"):
        act(
            lambda: yard().channels.update(channel.id, name=name, target=target, rules=rules),
            f"Saved {name}",
        )
