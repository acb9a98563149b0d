"""Channels and deliveries as people and programs reach them: over HTTP, by the SDK, from a shell."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from libs.client import Modelyard
from libs.client.connection import Connection
from libs.client.webhooks import verify
from libs.common.asyncapi import document
from libs.common.contracts.channels import DeliveryState, Rule, Severity
from libs.common.errors import BadInput, NotFound
from libs.common.ids import new_id
from tests.receivers import Receiver, receiving_http
from tests.stack import TestStack

RULES = (Rule(facts=("run.failed",), at_least=Severity.ERROR),)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving_http() as running:
        yield running


@pytest.fixture(scope="module")
def yard(rooms: TestStack) -> Iterator[Modelyard]:
    with Modelyard(Connection(rooms.gateway_url, rooms.token)) as connected:
        yield connected


@pytest.fixture
def modelyard(rooms: TestStack) -> Callable[..., str]:
    own = {"MODELYARD_URL": rooms.gateway_url, "MODELYARD_TOKEN": rooms.token, "COLUMNS": "200"}
    environment = {**os.environ, **own}

    def run(*arguments: object, status: int = 0) -> str:
        command = [sys.executable, "-m", "libs.client.cli", *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_a_channel_lives_through_the_sdk(yard: Modelyard, receiver: Receiver) -> None:
    made = yard.channels.webhook("from the SDK", receiver.url("/sdk"), rules=RULES)
    assert made.secret is not None
    assert yard.channels.get(made.channel.id) == made.channel
    assert made.channel.rules == RULES

    told = yard.channels.test(made.channel.id)
    (post,) = receiver.at("/sdk")
    assert verify(made.secret, post.headers, post.body).id == told.id
    assert [each.id for each in yard.deliveries.list(channel=made.channel.id, state="sent")] == [told.id]
    assert yard.deliveries.page(channel=made.channel.id, state="failed").items == ()

    changed = yard.channels.update(made.channel.id, name="renamed", is_active=False)
    assert (changed.name, changed.is_active, changed.rules) == ("renamed", False, RULES)
    yard.channels.delete(made.channel.id)
    with pytest.raises(NotFound):
        yard.channels.get(made.channel.id)


def test_hooks_of_discord_and_slack_show_only_their_host(yard: Modelyard, receiver: Receiver) -> None:
    made = [
        yard.channels.discord("discord", receiver.url("/api/webhooks/1/very-secret")),
        yard.channels.slack("slack", receiver.url("/T0/very-secret")),
    ]
    assert {each.target for each in made} == {f"127.0.0.1:{receiver.port}"}
    assert set(made) <= set(yard.channels.list())
    for channel in made:
        assert yard.channels.test(channel.id).state is DeliveryState.SENT
        yard.channels.delete(channel.id)
    assert len(receiver.at("/T0/very-secret")) == 1


def test_what_cannot_be_names_its_field(yard: Modelyard) -> None:
    with pytest.raises(BadInput) as refused:
        yard.channels.slack("x", "https://example.com/x", rules=(Rule(facts=("run.exploded",)),))
    assert [each.field for each in refused.value.errors] == ["rules.0.facts.0"]
    with pytest.raises(BadInput, match="not on the public internet"):
        yard.channels.slack("x", "https://169.254.169.254/x")
    with pytest.raises(BadInput, match="MODELYARD_SMTP__HOST"):
        yard.channels.email("x", "ann@example.com")
    with pytest.raises(BadInput) as refused:
        yard.channels.create("x", {"kind": "pigeon", "url": "https://example.com/very-secret"})
    assert "very-secret" not in str(refused.value.errors)
    with pytest.raises(NotFound):
        yard.channels.test(new_id())


def test_a_shell_makes_tries_and_deletes_a_channel(modelyard: Callable[..., str], receiver: Receiver) -> None:
    said = modelyard("channels", "webhook", "shell", "--url", receiver.url("/shell"), "--fact", "run.failed")
    channel, _, secret = said.split(maxsplit=1)[0], *said.rpartition(" ")[1:]
    assert "arrived" in modelyard("channels", "test", channel)
    (post,) = receiver.at("/shell")
    assert verify(secret.strip(), post.headers, post.body).type == "channel.test"
    listed = modelyard("channels", "list")
    assert "run.failed from info" in listed and "/shell" not in listed

    receiver.answer(410)
    assert "410 Gone" in modelyard("channels", "test", channel, status=1)
    deliveries = json.loads(modelyard("deliveries", "--channel", channel, "--state", "failed", "--json"))
    assert [each["error"] for each in deliveries] == ["the receiver answered 410 Gone"]
    modelyard("channels", "delete", channel, "--yes")


def test_the_facts_are_described_to_everyone(rooms: TestStack, yard: Modelyard) -> None:
    answer = httpx.get(f"{rooms.gateway_url}/asyncapi.json")

    assert answer.status_code == 200
    assert answer.json() == document()
    assert {each.type for each in yard.channels.facts()} <= set(document()["channels"])
