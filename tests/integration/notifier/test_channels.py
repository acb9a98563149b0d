"""Channels of people, told by the real room: by rules, signed, without showing secrets, through a kill -9."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from pydantic import SecretStr

from libs.client.webhooks import verify
from libs.common.contracts.base import Fact, PageQuery
from libs.common.contracts.channels import (
    ChannelKind,
    CreateChannel,
    CreatedChannel,
    DeleteChannel,
    DeliveryState,
    GetChannel,
    Hook,
    ListChannels,
    ListDeliveries,
    ListFactKinds,
    Mail,
    Rule,
    Severity,
    TryChannel,
    UpdateChannel,
    Webhook,
)
from libs.common.contracts.owners import OwnersInNotifier
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.run_facts import RunFailed, RunStarted
from libs.common.errors import BadInput, Conflict, NotFound
from libs.common.ids import new_id
from tests.integration.notifier.conftest import Listener
from tests.receivers import Receiver, receiving_http


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receiver]:
    with receiving_http() as running:
        yield running


@pytest_asyncio.fixture
async def receiver(receivers: Receiver, listener: Listener) -> AsyncIterator[Receiver]:
    """Afterwards the log is the only channel again."""
    receivers.received.clear()
    receivers.answers.clear()
    yield receivers
    for channel in (await listener.house.bus.ask(ListChannels(query=PageQuery(limit=200)))).items:
        if channel.kind is not ChannelKind.LOG:
            await listener.house.bus.ask(DeleteChannel(channel_id=channel.id))


def about(project_id: UUID) -> dict[str, Any]:
    ids = {"run_id": new_id(), "experiment_id": new_id(), "project_id": project_id}
    return {**ids, "name": "Night run", "task": "sorting"}


def failed(project_id: UUID) -> Fact:
    return RunFailed(
        **about(project_id), code="oom", detail="The device is full", last_log_lines=("epoch 3", "killed")
    )


def started(project_id: UUID) -> Fact:
    return RunStarted(**about(project_id), attempt=1)


async def create(
    listener: Listener, receiver: Receiver, *rules: Rule, project_id: UUID | None = None
) -> CreatedChannel:
    """Each hears on a path of its own."""
    name = str(new_id())
    target = Webhook(url=SecretStr(receiver.url(f"/{name}")))
    return await listener.house.bus.ask(
        CreateChannel(name=name, target=target, project_id=project_id, rules=rules or (Rule(),))
    )


def told(receiver: Receiver, made: CreatedChannel) -> list[str]:
    assert made.secret is not None
    posts = receiver.at(f"/{made.channel.name}")
    return [verify(made.secret, each.headers, each.body).type for each in posts]


async def until(is_so: Any) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.05)


async def test_channels_hear_what_their_rules_and_projects_allow(
    listener: Listener, receiver: Receiver
) -> None:
    ours, theirs = new_id(), new_id()
    everything = await create(listener, receiver, Rule(project_id=ours), Rule(project_id=theirs))
    errors = await create(listener, receiver, Rule(at_least=Severity.ERROR), project_id=ours)
    starts = await create(listener, receiver, Rule(facts=("run.started",)), project_id=theirs)

    for project in (ours, theirs):
        await listener.house.announce(started(project))
        await listener.house.announce(failed(project))
    await until(lambda: len(told(receiver, everything)) == 4 and len(receiver.received) == 6)

    assert sorted(told(receiver, everything)) == ["run.failed", "run.failed", "run.started", "run.started"]
    assert told(receiver, errors) == ["run.failed"]
    assert told(receiver, starts) == ["run.started"]
    (post,) = receiver.at(f"/{errors.channel.name}")
    data = json.loads(post.body)["data"]
    assert (data["project_id"], data["last_log_lines"]) == (str(ours), ["epoch 3", "killed"])


async def test_secrets_are_shown_once_and_never_said(listener: Listener, receiver: Receiver) -> None:
    bus, project = listener.house.bus, new_id()
    made = await create(listener, receiver, project_id=project)
    hook = Hook.model_validate({"kind": "slack", "url": receiver.url("/T0/very-secret")})
    slack = await bus.ask(CreateChannel(name="slack", target=hook, project_id=project))
    receiver.answer(400, 400)
    tried = [await bus.ask(TryChannel(channel_id=each.channel.id)) for each in (made, slack)]
    listed = await bus.ask(ListChannels(within=(project,)))
    got = await bus.ask(GetChannel(channel_id=slack.channel.id))

    assert made.secret and slack.secret is None
    shown = "".join(each.model_dump_json() for each in (listed, got, *tried))
    for secret in (made.secret, "very-secret", f"/{made.channel.name}"):
        assert secret not in shown + listener.house.stack.log("notifier", 500)
    assert got.target == f"127.0.0.1:{receiver.port}"
    assert [each.state for each in tried] == [DeliveryState.FAILED] * 2


async def test_the_test_button_says_at_once_what_happened(listener: Listener, receiver: Receiver) -> None:
    bus = listener.house.bus
    made = await create(listener, receiver, project_id=new_id())

    arrived = await bus.ask(TryChannel(channel_id=made.channel.id))
    receiver.answer(500)
    lost = await bus.ask(TryChannel(channel_id=made.channel.id))

    assert (arrived.state, arrived.error, arrived.fact_type) == (DeliveryState.SENT, None, "channel.test")
    assert (lost.state, lost.error) == (
        DeliveryState.FAILED,
        "the receiver answered 500 Internal Server Error",
    )
    assert told(receiver, made) == ["channel.test", "channel.test"]
    kept = await bus.ask(ListDeliveries(channel_id=made.channel.id))
    assert list(kept.items) == [lost, arrived]


async def test_a_room_killed_while_it_sends_repeats_that_one_and_loses_none(
    listener: Listener, receiver: Receiver
) -> None:
    project = new_id()
    made = await create(listener, receiver, project_id=project)
    receiver.is_open.clear()
    for _ in range(3):
        await listener.house.announce(failed(project))
    await listener.wait_for(num=3, channel_id=made.channel.id, state=DeliveryState.PENDING)
    await until(lambda: len(receiver.received) == 1)
    await listener.kill_room()
    receiver.is_open.set()
    listener.house.stack.wait_ready("notifier")

    sent = await listener.wait_for(num=3, channel_id=made.channel.id)
    ids = [each.headers["modelyard-delivery"] for each in receiver.received]
    assert set(ids) == {str(each.id) for each in sent}
    assert len(ids) == 4 and ids[0] in ids[1:]
    assert sorted(each.attempts for each in sent) == [1, 1, 2]


async def test_channels_of_a_deleted_project_go_with_it(listener: Listener, receiver: Receiver) -> None:
    project = new_id()
    made = await create(listener, receiver, project_id=project)
    await listener.house.announce(ProjectDeleted(project_id=project, name="Post office"))
    await listener.wait_for(project_id=project, fact_type="project.deleted")

    with pytest.raises(NotFound, match="does not exist"):
        await listener.house.bus.ask(GetChannel(channel_id=made.channel.id))
    assert receiver.received == []


async def test_lists_show_what_is_within_some_projects(listener: Listener, receiver: Receiver) -> None:
    bus, ours, theirs = listener.house.bus, new_id(), new_id()
    made = [await create(listener, receiver, project_id=each) for each in (ours, theirs, None)]
    for each in made:
        await bus.ask(TryChannel(channel_id=each.channel.id))

    channels = await bus.ask(ListChannels(within=(ours,)))
    deliveries = await bus.ask(ListDeliveries(within=(ours,)))
    assert [each.id for each in channels.items] == [made[0].channel.id]
    assert {each.channel_id for each in deliveries.items} == {made[0].channel.id}
    assert (await bus.ask(ListDeliveries(within=(ours,), project_id=theirs))).items == ()
    assert (await bus.ask(ListChannels(within=()))).items == ()
    everything = await bus.ask(ListChannels(query=PageQuery(limit=200)))
    assert {each.channel.id for each in made} < {each.id for each in everything.items}
    keys = tuple(str(each.channel.id) for each in made)
    assert await bus.ask(OwnersInNotifier(kind="channel", keys=keys)) == (ours, theirs, None)
    for unknown in (str(new_id()), "nonsense"):
        with pytest.raises(NotFound):
            await bus.ask(OwnersInNotifier(kind="channel", keys=(*keys, unknown)))


async def test_changes_take_effect_and_what_is_left_out_stays(listener: Listener, receiver: Receiver) -> None:
    bus, project = listener.house.bus, new_id()
    made = await create(listener, receiver, project_id=project)
    rule = Rule(facts=("run.started",))
    changed = await bus.ask(UpdateChannel(channel_id=made.channel.id, rules=(rule,)))
    assert (changed.name, changed.target, changed.rules) == (made.channel.name, made.channel.target, (rule,))

    aimed = Webhook(url=SecretStr(receiver.url("/elsewhere")))
    await bus.ask(UpdateChannel(channel_id=made.channel.id, target=aimed))
    await bus.ask(TryChannel(channel_id=made.channel.id))
    (post,) = receiver.at("/elsewhere")
    assert made.secret and verify(made.secret, post.headers, post.body)


async def test_what_cannot_be_is_refused_in_words(listener: Listener, receiver: Receiver) -> None:
    bus, project = listener.house.bus, new_id()
    made = await create(listener, receiver, project_id=project)
    log, *_ = (await bus.ask(ListChannels())).items
    outside = Webhook(url=SecretStr("https://192.168.1.1/hook"))
    mail = Mail(recipients=("a@example.com",))

    with pytest.raises(BadInput, match="not on the public internet"):
        await bus.ask(CreateChannel(name="inside", target=outside))
    with pytest.raises(BadInput, match="MODELYARD_SMTP__HOST"):
        await bus.ask(CreateChannel(name="mail", target=mail))
    with pytest.raises(BadInput, match="match nothing"):
        await create(listener, receiver, Rule(facts=("run.exploded",)))
    with pytest.raises(BadInput, match="a channel of the kind webhook"):
        await bus.ask(UpdateChannel(channel_id=made.channel.id, target=mail))
    with pytest.raises(Conflict, match="there is a channel"):
        taken = Webhook(url=SecretStr(receiver.url()))
        await bus.ask(CreateChannel(name=made.channel.name, target=taken, project_id=project))
    with pytest.raises(Conflict, match="switch it off instead"):
        await bus.ask(DeleteChannel(channel_id=log.id))
    for request in (TryChannel, GetChannel, DeleteChannel):
        with pytest.raises(NotFound):
            await bus.ask(request(channel_id=new_id()))


async def test_whoever_writes_a_rule_finds_the_types(listener: Listener) -> None:
    kinds = {each.type: each for each in await listener.house.bus.ask(ListFactKinds())}

    assert kinds["run.failed"].severity is Severity.ERROR
    assert {"alert.raised", "canary.failed", "dataset.ready", "model.deployed"} <= set(kinds)
