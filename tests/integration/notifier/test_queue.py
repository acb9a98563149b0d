"""Deliveries as a queue, on a real PostgreSQL, with a clock that the tests turn."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from libs.client.webhooks import verify
from libs.common.contracts.base import now
from libs.common.contracts.channels import (
    CreateChannel,
    CreatedChannel,
    Delivery,
    DeliveryState,
    ListDeliveries,
    UpdateChannel,
    Webhook,
)
from libs.common.contracts.datasets import DatasetDeleted
from libs.common.db import Database, migrate
from libs.common.ids import new_id
from services.notifier.app import SCHEMA
from services.notifier.channels import kinds
from services.notifier.postman import Postman
from services.notifier.repository import Repository
from services.notifier.seal import MARK, Seal
from services.notifier.service import Service
from services.notifier.settings import Settings
from tests.postgres import database, database_settings
from tests.receivers import LOOPBACK, Receiver, receiving_http

__all__ = ["database", "database_settings"]
KEY = "a_key_of_the_tests_that_is_long_enough"
SETTINGS = Settings(
    channel_key=SecretStr(KEY), channel_hosts=(LOOPBACK,), delivery_lease_seconds=40, delivery_attempts=3
)
KINDS = kinds(SETTINGS)


@dataclass
class Office:
    """The room without its doors."""

    database: Database
    receiver: Receiver
    time: datetime = field(default_factory=now)
    seal: Seal = field(default_factory=lambda: Seal(KEY))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Service]:
        async with self.database.transaction() as session:
            yield Service(Repository(session), KINDS, self.seal, SETTINGS)

    def postman(self) -> Postman:
        return Postman(self.open, KINDS, clock=lambda: self.time)

    def later(self, **by: float) -> None:
        self.time += timedelta(**by)

    async def channel(self) -> CreatedChannel:
        target = Webhook(url=SecretStr(self.receiver.url(f"/{new_id()}")))
        async with self.open() as service:
            return await service.channels.create(CreateChannel(name=str(new_id()), target=target))

    async def tell(self, number: int = 1) -> None:
        async with self.open() as service:
            for each in range(number):
                fact = DatasetDeleted(project_id=new_id(), dataset_id=new_id(), name=f"set {each}")
                await service.telling.notify(new_id(), fact)
        self.time = max(self.time, now())

    async def deliveries(self, channel: CreatedChannel) -> list[Delivery]:
        async with self.open() as service:
            page = await service.deliveries.list(ListDeliveries(channel_id=channel.channel.id))
        return list(page.items)

    async def one(self, channel: CreatedChannel) -> Delivery:
        (found,) = await self.deliveries(channel)
        return found

    async def send_what_is_due(self) -> int:
        postman, number = self.postman(), 0
        while await postman.deliver_next():
            number += 1
        return number


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receiver]:
    with receiving_http() as running:
        yield running


@pytest_asyncio.fixture
async def office(database: Database, receivers: Receiver) -> AsyncIterator[Office]:
    """Only the channels of the test tell anything."""
    await migrate(database, SCHEMA)
    receivers.received.clear()
    receivers.answers.clear()
    opened = Office(database, receivers)
    async with opened.open() as service:
        for channel in await service.channels._repository.active_channels():
            await service.channels.update(UpdateChannel(channel_id=channel.id, is_active=False))
    yield opened


async def test_a_delivery_that_fails_is_tried_again_when_its_time_has_come(office: Office) -> None:
    channel = await office.channel()
    await office.tell()
    office.receiver.answer(503, 500)

    assert await office.send_what_is_due() == 1
    waiting = await office.one(channel)
    assert (waiting.state, waiting.attempts) == (DeliveryState.PENDING, 1)
    assert waiting.error == "the receiver answered 503 Service Unavailable"
    assert waiting.next_attempt_at is not None
    assert timedelta(seconds=5) <= waiting.next_attempt_at - office.time <= timedelta(seconds=10)
    office.later(seconds=4.9)
    assert await office.send_what_is_due() == 0
    office.later(seconds=5.2)
    assert await office.send_what_is_due() == 1
    office.later(seconds=40)
    assert await office.send_what_is_due() == 1

    told = await office.one(channel)
    assert (told.state, told.error, told.attempts, told.sent_at) == (
        DeliveryState.SENT,
        None,
        3,
        office.time,
    )
    assert told.next_attempt_at is None
    assert channel.secret is not None
    ids = {verify(channel.secret, each.headers, each.body).id for each in office.receiver.received}
    assert ids == {told.id}


async def test_after_the_last_try_it_is_given_up_in_words(office: Office) -> None:
    channel = await office.channel()
    await office.tell()
    office.receiver.answer(500, 500, 500)

    for _ in range(5):
        await office.send_what_is_due()
        office.later(hours=7)

    given_up = await office.one(channel)
    assert (given_up.state, given_up.attempts, given_up.next_attempt_at) == (DeliveryState.FAILED, 3, None)
    assert given_up.error == "the receiver answered 500 Internal Server Error; try 3 was the last"
    assert len(office.receiver.received) == 3


async def test_what_is_refused_for_good_is_not_tried_again(office: Office) -> None:
    channel = await office.channel()
    await office.tell()
    office.receiver.answer(404)

    await office.send_what_is_due()
    office.later(days=1)

    assert await office.send_what_is_due() == 0
    refused = await office.one(channel)
    assert (refused.state, refused.error) == (DeliveryState.FAILED, "the receiver answered 404 Not Found")


async def test_a_receiver_that_wants_a_pause_gets_one_for_all_that_waits(office: Office) -> None:
    channel, other = await office.channel(), await office.channel()
    await office.tell(3)
    office.receiver.answer(429, retry_after="60")

    await office.send_what_is_due()
    held = [each for each in (channel, other) if len(office.receiver.at(await _path(office, each))) == 1]
    assert len(held) == 1 and len(office.receiver.received) == 4
    office.later(seconds=59)
    assert await office.send_what_is_due() == 0
    office.later(seconds=2)
    assert await office.send_what_is_due() == 3
    assert {each.state for each in await office.deliveries(channel)} == {DeliveryState.SENT}


async def test_a_lease_keeps_others_away_until_it_ends(office: Office) -> None:
    """Whoever is killed while he sends has done what is done here: taken, and not settled."""
    channel = await office.channel()
    await office.tell(2)
    async with office.open() as service:
        taken = await service.deliveries.take(office.time)

    assert taken is not None
    assert await office.send_what_is_due() == 0
    office.later(seconds=41)
    assert await office.send_what_is_due() == 2
    assert {each.attempts for each in await office.deliveries(channel)} == {1, 2}


async def test_who_comes_back_after_his_lease_changes_nothing(office: Office) -> None:
    channel = await office.channel()
    await office.tell()
    office.receiver.is_open.clear()
    slow = asyncio.create_task(office.postman().deliver_next())
    await _until(lambda: len(office.receiver.received) == 1)
    office.later(seconds=41)
    office.receiver.answer(404)
    fast = asyncio.create_task(office.postman().deliver_next())
    await _until(lambda: len(office.receiver.received) == 2)
    office.receiver.is_open.set()
    await asyncio.gather(slow, fast)

    told = await office.one(channel)
    assert told.attempts == 2
    assert told.state is not DeliveryState.PENDING


async def test_several_processes_share_the_work_and_send_nothing_twice(office: Office) -> None:
    channels = [await office.channel() for _ in range(4)]
    await office.tell(8)

    postmen = [office.postman() for _ in range(4)]

    async def work(postman: Postman) -> None:
        while not await _all_told(office, channels):
            await postman.deliver_next()

    await asyncio.gather(*map(work, postmen))

    ids = [json.loads(each.body)["id"] for each in office.receiver.received]
    assert len(ids) == len(set(ids)) == 32


async def test_a_receiver_that_is_slow_keeps_nobody_else_waiting(office: Office) -> None:
    slow, quick = await office.channel(), await office.channel()
    await office.tell(3)
    async with office.open() as service:
        taken = await service.deliveries.take(office.time)
    assert taken is not None

    await office.send_what_is_due()

    states = {
        each.channel.id: [found.state for found in await office.deliveries(each)] for each in (slow, quick)
    }
    held = states.pop(taken.channel_id)
    assert held == [DeliveryState.PENDING] * 3
    assert list(states.values()) == [[DeliveryState.SENT] * 3]


async def test_a_channel_that_is_switched_off_says_nothing_of_what_waits(office: Office) -> None:
    channel = await office.channel()
    await office.tell()
    async with office.open() as service:
        await service.channels.update(UpdateChannel(channel_id=channel.channel.id, is_active=False))
    await office.tell()

    assert await office.send_what_is_due() == 0
    assert (await office.one(channel)).error == "the channel was switched off"


async def test_what_was_settled_long_ago_is_forgotten_and_what_waits_is_not(office: Office) -> None:
    channel = await office.channel()
    await office.tell(2)
    office.receiver.answer(204, 500)
    await office.send_what_is_due()
    async with office.open() as service:
        assert await service.deliveries.forget_old(office.time + timedelta(days=89)) == 0
        assert await service.deliveries.forget_old(office.time + timedelta(days=91)) >= 1

    assert (await office.one(channel)).state is DeliveryState.PENDING


async def test_where_a_channel_leads_and_what_it_signs_with_lie_sealed(office: Office) -> None:
    channel = await office.channel()
    url, secret = await _stored(office, channel)

    assert url.startswith(MARK) and secret.startswith(MARK)
    assert channel.secret and channel.secret not in secret
    assert office.receiver.url("") not in url


async def test_what_a_version_before_left_open_is_sealed_at_the_start_and_told_as_before(
    office: Office,
) -> None:
    channel = await office.channel()
    async with office.open() as service:
        row = await service.channels._repository.channel(channel.channel.id)
        assert row is not None
        row.url, row.secret = office.receiver.url("/old"), channel.secret
    async with office.open() as service:
        assert await service.channels.seal_all() == 0

    assert all(each.startswith(MARK) for each in await _stored(office, channel))
    await office.tell()
    await office.send_what_is_due()
    (got,) = [each for each in office.receiver.received if each.path == "/old"]
    assert channel.secret and verify(channel.secret, got.headers, got.body)


async def test_an_older_key_reads_until_all_is_sealed_with_the_new_one(office: Office) -> None:
    channel = await office.channel()
    before = await _stored(office, channel)
    newer = "a_newer_key_of_the_tests_that_is_long_enough"
    office.seal = Seal(f"{newer}\n{KEY}")
    assert await _host(office, channel) == channel.channel.target
    async with office.open() as service:
        assert await service.channels.seal_all() == 0
    after = await _stored(office, channel)
    async with office.open() as service:
        await service.channels.seal_all()

    assert not {*before} & {*after}
    assert await _stored(office, channel) == after, "what has the newest seal keeps it"
    office.seal = Seal(newer)
    assert await _host(office, channel) == channel.channel.target


async def test_without_its_key_a_channel_says_so_and_the_others_go_on(office: Office) -> None:
    lost = await office.channel()
    office.seal = Seal("another_key_of_the_tests_that_is_long_enough")
    other = await office.channel()
    async with office.open() as service:
        assert await service.channels.seal_all() >= 1
    await office.tell()
    await office.send_what_is_due()

    assert "not known here" in await _host(office, lost)
    failed = await office.one(lost)
    assert failed.state is DeliveryState.FAILED and "key that is not known here" in (failed.error or "")
    assert (await office.one(other)).state is DeliveryState.SENT


async def _stored(office: Office, channel: CreatedChannel) -> tuple[str, str]:
    async with office.open() as service:
        row = await service.channels._repository.channel(channel.channel.id)
    assert row is not None and row.url is not None and row.secret is not None
    return row.url, row.secret


async def _host(office: Office, channel: CreatedChannel) -> str:
    async with office.open() as service:
        return (await service.channels.get(channel.channel.id)).target


async def _path(office: Office, channel: CreatedChannel) -> str:
    async with office.open() as service:
        row = await service.channels._repository.channel(channel.channel.id)
    assert row is not None and row.url is not None
    return office.seal.open(row.url).removeprefix(office.receiver.url(""))


async def _all_told(office: Office, channels: list[CreatedChannel]) -> bool:
    found: list[Any] = [each for channel in channels for each in await office.deliveries(channel)]
    return all(each.state is DeliveryState.SENT for each in found)


async def _until(is_so: Any) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)
