"""Facts become deliveries, each once, whatever happens to the room on the way."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from alembic import command

from libs.common.bus.streams import FACTS
from libs.common.contracts.base import Fact, PageQuery, now
from libs.common.contracts.channels import DeliveryState, ListChannels, ListDeliveries, Rule, Severity
from libs.common.contracts.datasets import DatasetDeleted
from libs.common.contracts.run_facts import RunFailed
from libs.common.db.schema import alembic_config
from libs.common.errors import BadInput
from libs.common.ids import new_id
from services.notifier.app import SCHEMA
from tests.integration.notifier.conftest import Listener
from tests.unit.notifier.facts import one_of_each


def _run_failed() -> RunFailed:
    return RunFailed(
        project_id=new_id(),
        run_id=new_id(),
        experiment_id=new_id(),
        name="Night run",
        task="sorting",
        code="out_of_memory",
        detail="The device is full",
    )


def _deleted(project_id: UUID, number: int) -> DatasetDeleted:
    return DatasetDeleted(project_id=project_id, dataset_id=new_id(), name=f"set {number}")


async def test_the_migration_makes_what_the_models_say(listener: Listener) -> None:
    async with listener.house.database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync, SCHEMA)))


async def test_the_log_channel_is_there_and_takes_every_fact(listener: Listener) -> None:
    page = await listener.house.bus.ask(ListChannels())
    (channel,) = page.items
    assert (channel.kind, channel.name, channel.rules, channel.target) == ("log", "log", (Rule(),), "")
    assert page.next_cursor is None


async def test_an_announced_fact_becomes_a_delivery_in_words(listener: Listener) -> None:
    fact = _run_failed()
    await listener.house.announce(fact)
    (delivery,) = await listener.wait_for(project_id=fact.project_id)
    (channel,) = (await listener.house.bus.ask(ListChannels())).items
    assert delivery.channel_id == channel.id
    assert delivery.fact_type == "run.failed"
    assert delivery.severity is Severity.ERROR
    assert delivery.title == "Run “Night run” failed"
    assert delivery.text == "The device is full (out_of_memory)"
    assert (delivery.state, delivery.error) == (DeliveryState.SENT, None)
    assert timedelta(0) <= now() - delivery.occurred_at < timedelta(minutes=1)
    assert delivery.created_at >= delivery.occurred_at


async def test_the_room_logs_a_line_per_delivery(listener: Listener) -> None:
    fact = _run_failed()
    await listener.house.announce(fact)
    (delivery,) = await listener.wait_for(project_id=fact.project_id)
    lines = [json.loads(line) for line in listener.house.stack.log("notifier", 200).splitlines()]
    (line,) = (line for line in lines if line.get("fact_id") == str(delivery.fact_id))
    assert (line["event"], line["level"], line["fact"]) == ("notification", "error", "run.failed")
    assert (line["title"], line["text"]) == (delivery.title, delivery.text)
    assert line["project_id"] == str(fact.project_id)


@pytest.mark.parametrize("fact", one_of_each(), ids=lambda fact: fact.type_name())
async def test_every_public_fact_is_told(listener: Listener, fact: Fact, fact_id: UUID) -> None:
    await listener.publish(fact, fact_id, str(fact_id))
    (delivery,) = await listener.wait_for(fact_id=fact_id)
    assert (delivery.fact_type, delivery.project_id) == (fact.type_name(), fact.project_id)


async def test_a_fact_that_comes_again_is_told_once(listener: Listener, fact_id: UUID) -> None:
    for number in range(3):
        await listener.publish(_run_failed(), fact_id, f"{fact_id}/{number}")
    await listener.all_is_heard()
    assert len(await listener.deliveries(fact_id=fact_id)) == 1


async def test_a_room_that_hears_the_whole_stream_again_tells_nothing_twice(listener: Listener) -> None:
    """The server forgets how far the room had come: after its restart every fact is handed out once more."""
    fact = _run_failed()
    await listener.house.announce(fact)
    await listener.wait_for(project_id=fact.project_id)
    before = await listener.deliveries()
    listener.house.stack.stop("notifier")
    for consumer in await listener.house.bus.jetstream.consumers_info(FACTS):
        await listener.house.bus.jetstream.delete_consumer(FACTS, consumer.name)
    listener.house.stack.start("notifier")
    listener.house.stack.wait_ready("notifier")
    later = _run_failed()
    await listener.house.announce(later)
    (told,) = await listener.wait_for(project_id=later.project_id)
    await listener.all_is_heard()
    assert await listener.deliveries() == [told, *before]


async def test_what_happens_while_the_room_is_away_is_told_when_it_is_back(
    listener: Listener, fact_id: UUID
) -> None:
    listener.house.stack.stop("notifier")
    await listener.publish(_run_failed(), fact_id, str(fact_id))
    listener.house.stack.start("notifier")
    listener.house.stack.wait_ready("notifier")
    assert len(await listener.wait_for(fact_id=fact_id)) == 1


async def test_a_killed_room_loses_and_doubles_nothing(listener: Listener) -> None:
    project_id = new_id()
    for number in range(40):
        await listener.house.announce(_deleted(project_id, number))
    await listener.kill_room()
    # What it held unsettled comes again at once, not when its lease is over.
    await listener.house.bus.jetstream.delete_consumer(FACTS, "notifier-dataset-deleted")
    listener.house.stack.wait_ready("notifier")
    await listener.wait_for(num=40, project_id=project_id)
    await listener.all_is_heard()
    told = await listener.deliveries(project_id=project_id)
    assert sorted(each.title for each in told) == sorted(
        f"Dataset “set {number}” was deleted" for number in range(40)
    )


async def test_pages_come_newest_first_and_end(listener: Listener) -> None:
    project_id = new_id()
    for number in range(5):
        await listener.house.announce(_deleted(project_id, number))
    await listener.wait_for(num=5, project_id=project_id)
    first = await listener.page(2)
    second = await listener.page(2, first.next_cursor)
    third = await listener.page(1, second.next_cursor)
    titles = [each.title for page in (first, second, third) for each in page.items]
    assert titles == [f"Dataset “set {number}” was deleted" for number in (4, 3, 2, 1, 0)]
    everything = await listener.deliveries()
    assert len({each.id for each in everything}) == len(everything)
    last = await listener.page(200, str(everything[-2].id))
    assert (last.items, last.next_cursor) == ((everything[-1],), None)


@pytest.mark.parametrize("request_type", [ListDeliveries, ListChannels])
async def test_a_cursor_that_is_not_ours_is_refused_in_words(
    listener: Listener, request_type: type[ListDeliveries] | type[ListChannels]
) -> None:
    with pytest.raises(BadInput, match="the cursor is not one of ours"):
        await listener.house.bus.ask(request_type(query=PageQuery(cursor="yesterday")))
