"""`modelyard channels …` and `modelyard deliveries`"""

from itertools import islice
from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, IsSure, confirm, document, say, show
from libs.common.contracts.channels import (
    ChannelKind,
    CreatedChannel,
    Delivery,
    DeliveryState,
    Rule,
    Severity,
)
from libs.common.errors import BadInput

commands = typer.Typer(no_args_is_help=True, help="Who is told of what happens.")
Project = Annotated[UUID | None, typer.Option(help="Tells only of this project, and belongs to it.")]
Facts = Annotated[list[str] | None, typer.Option("--fact", help="As often as you like; none: every type.")]
AtLeast = Annotated[Severity, typer.Option(help="What matters less is not told.")]
Url = Annotated[
    str, typer.Option(prompt=True, hide_input=True, help="Asked for if left out: it is a secret.")
]


@commands.command("list")
def list_channels(as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "kind": lambda it: it.kind,
            "to": lambda it: it.target,
            "of": lambda it: it.project_id or "the house",
            "tells": lambda it: "; ".join(map(_told, it.rules)) if it.is_active else "switched off",
        }
        show(yard.channels.list(), columns, as_json)


@commands.command("facts")
def list_facts(as_json: AsJson = False) -> None:
    """The types that a rule may name."""
    with Modelyard() as yard:
        columns = {
            "type": lambda it: it.type,
            "severity": lambda it: it.severity,
            "what": lambda it: it.description,
        }
        show(yard.channels.facts(), columns, as_json)


@commands.command("discord")
def add_discord(
    name: str, url: Url, project: Project = None, fact: Facts = None, at_least: AtLeast = Severity.INFO
) -> None:
    """Tell a Discord channel: the URL is that of its incoming webhook."""
    _add(name, ChannelKind.DISCORD, url, project, _rules(fact, at_least))


@commands.command("slack")
def add_slack(
    name: str, url: Url, project: Project = None, fact: Facts = None, at_least: AtLeast = Severity.INFO
) -> None:
    """Tell a Slack channel: the URL is that of its incoming webhook."""
    _add(name, ChannelKind.SLACK, url, project, _rules(fact, at_least))


@commands.command("webhook")
def add_webhook(
    name: str, url: Url, project: Project = None, fact: Facts = None, at_least: AtLeast = Severity.INFO
) -> None:
    """Tell a server of your own; prints the secret that signs, once."""
    _add(name, ChannelKind.WEBHOOK, url, project, _rules(fact, at_least))


@commands.command("email")
def add_email(
    name: str,
    recipients: list[str],
    project: Project = None,
    fact: Facts = None,
    at_least: AtLeast = Severity.INFO,
) -> None:
    """Tell people by e-mail, through the house's mail server."""
    with Modelyard() as yard:
        made = yard.channels.email(name, *recipients, project=project, rules=_rules(fact, at_least))
        say(made.id)


@commands.command("show")
def show_channel(channel_id: UUID) -> None:
    with Modelyard() as yard:
        document(yard.channels.get(channel_id))


@commands.command("rules")
def set_rules(channel_id: UUID, fact: Facts = None, at_least: AtLeast = Severity.INFO) -> None:
    """What it tells of from now on."""
    with Modelyard() as yard:
        changed = yard.channels.update(channel_id, rules=_rules(fact, at_least))
        say("; ".join(map(_told, changed.rules)))


@commands.command("on")
def switch_on(channel_id: UUID) -> None:
    with Modelyard() as yard:
        say(f"{yard.channels.update(channel_id, is_active=True).name} tells again")


@commands.command("off")
def switch_off(channel_id: UUID) -> None:
    """Nothing is told any more, nor what waits."""
    with Modelyard() as yard:
        say(f"{yard.channels.update(channel_id, is_active=False).name} is switched off")


@commands.command("test")
def try_channel(channel_id: UUID) -> None:
    """One message, now."""
    with Modelyard() as yard:
        delivery = yard.channels.test(channel_id)
    if delivery.state is not DeliveryState.SENT:
        raise BadInput(f"the message did not arrive: {delivery.error}")
    say("the message has arrived")


@commands.command("delete")
def delete_channel(channel_id: UUID, yes: IsSure = False) -> None:
    """With its deliveries."""
    with Modelyard() as yard:
        channel = yard.channels.get(channel_id)
        confirm("the channel", channel.name, yes)
        yard.channels.delete(channel_id)


def list_deliveries(
    channel: Annotated[UUID | None, typer.Option()] = None,
    state: Annotated[DeliveryState | None, typer.Option()] = None,
    project: Annotated[UUID | None, typer.Option()] = None,
    most: Annotated[int, typer.Option(min=1, help="How many, from the last.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What was told, what waits, and what did not arrive, the last first."""
    with Modelyard() as yard:
        names: dict[UUID, str] = {each.id: each.name for each in yard.channels.list()}
        columns = {
            "at": lambda it: f"{it.created_at:%Y-%m-%d %H:%M:%S}",
            "channel": lambda it: names.get(it.channel_id, it.channel_id),
            "what": lambda it: it.title,
            "state": _state,
            "why": lambda it: it.error,
        }
        found = yard.deliveries.list(channel=channel, state=state, project=project)
        show(islice(found, most), columns, as_json)


def _add(name: str, kind: ChannelKind, url: str, project: UUID | None, rules: tuple[Rule, ...]) -> None:
    with Modelyard() as yard:
        made = yard.channels.create(name, {"kind": kind, "url": url}, project=project, rules=rules)
    _tell(made)


def _tell(made: CreatedChannel) -> None:
    say(made.channel.id)
    if made.secret:
        say(f"its secret, shown only now: {made.secret}")


def _rules(facts: list[str] | None, at_least: Severity) -> tuple[Rule, ...]:
    return (Rule(facts=tuple(facts or ()), at_least=at_least),)


def _told(rule: Rule) -> str:
    return f"{', '.join(rule.facts) or 'everything'} from {rule.at_least}"


def _state(delivery: Delivery) -> str:
    if delivery.state is DeliveryState.PENDING and delivery.next_attempt_at:
        return f"waits for try {delivery.attempts + 1} at {delivery.next_attempt_at:%H:%M:%S}"
    return delivery.state.value
