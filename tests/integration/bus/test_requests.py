"""Requests over a real nats-server: typed answers, typed errors, deadlines, limits, draining."""

import asyncio
import json
import time

import pytest
import structlog

from libs.common.bus import Bus, RequestContext, RequestDoor, bind_context, current_context, lasting, serve
from libs.common.bus.client import DEADLINE_HEADER, BusUnavailable, NobodyAnswers
from libs.common.bus.lasting import ask_for_long
from libs.common.contracts.base import Request, View
from libs.common.errors import (
    BadInput,
    Conflict,
    InternalError,
    ModelyardError,
    Problem,
    TimedOut,
    TooLarge,
)
from tests.integration.bus.conftest import opener
from tests.nats import NatsServer


class Echo(View):
    text: str
    actor: str | None = None


class Say(Request[Echo], subject="svc.test.word.say"):
    text: str
    pause_seconds: float = 0


class NameIsTaken(Conflict):
    code, title = "name_taken", "This name is taken"


def make_door(started: list[str] | None = None) -> RequestDoor:
    door = RequestDoor()

    @door.answers
    async def say(request: Say, service: object) -> Echo:
        if started is not None:
            started.append(request.text)
        match request.text:
            case "taken":
                raise NameIsTaken("choose another", errors=[Problem(field="name", message="taken")])
            case "bug":
                raise ZeroDivisionError("the inside of the room")
        await asyncio.sleep(request.pause_seconds)
        return Echo(text=request.text, actor=current_context().actor)

    return door


async def test_an_answer_is_of_the_requests_own_type(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        assert await bus.ask(Say(text="hello")) == Echo(text="hello")


async def test_the_actor_travels_with_the_request(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        bind_context(RequestContext("r-1", "ada"))
        assert (await bus.ask(Say(text="hello"))).actor == "ada"


async def test_a_rooms_error_arrives_typed_with_its_problems(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        with pytest.raises(NameIsTaken) as caught:
            await bus.ask(Say(text="taken"))
    assert caught.value.errors == (Problem(field="name", message="taken"),)


async def test_a_bug_says_a_reference_and_nothing_from_the_inside(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        with pytest.raises(InternalError) as caught:
            await bus.ask(Say(text="bug"))
    assert "inside" not in caught.value.detail
    assert "reference" in caught.value.detail


async def test_a_request_of_the_wrong_form_is_refused_with_pointers(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        message = await bus.client.request(Say.subject, b'{"texts": 1}')
    body = json.loads(message.data)
    assert message.headers["Nats-Service-Error-Code"] == "422"
    assert {problem["field"] for problem in body["errors"]} == {"text", "texts"}
    assert body["code"] == BadInput.code


async def test_nobody_listening_is_said_at_once(bus: Bus):
    started = time.perf_counter()
    with pytest.raises(NobodyAnswers):
        await bus.ask(Say(text="hello"), timeout_seconds=5)
    assert time.perf_counter() - started < 2


async def test_a_late_answer_is_a_time_out(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        with pytest.raises(TimedOut):
            await bus.ask(Say(text="slow", pause_seconds=1), timeout_seconds=0.1)


async def test_a_request_past_its_deadline_is_not_carried_out(bus: Bus, room_bus: Bus):
    started: list[str] = []
    async with serve(room_bus, "test", make_door(started), opener()):
        past = {DEADLINE_HEADER: str(time.time() - 1)}
        message = await bus.client.request(
            Say.subject, Say(text="x").model_dump_json().encode(), headers=past
        )
    assert message.headers["Nats-Service-Error-Code"] == "504"
    assert started == []


async def test_a_message_too_large_is_refused_and_the_connection_lives(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        with pytest.raises(TooLarge):
            await bus.ask(Say(text="x" * (2**20)))
        with pytest.raises(TooLarge):
            await bus.publish("x.y", b"", {"Big": "x" * (2**20)})
        assert (await bus.ask(Say(text="still here"))).text == "still here"


async def test_only_as_many_requests_run_at_once_as_there_are_slots(bus: Bus, room_bus: Bus):
    started: list[str] = []
    async with serve(room_bus, "test", make_door(started), opener(), concurrency=2):
        asking = [asyncio.create_task(bus.ask(Say(text=str(n), pause_seconds=0.3))) for n in range(4)]
        async with asyncio.timeout(5):
            while len(started) < 2:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert len(started) == 2
        await asyncio.gather(*asking)


async def test_leaving_finishes_what_was_taken(bus: Bus, room_bus: Bus):
    started: list[str] = []
    async with serve(room_bus, "test", make_door(started), opener()):
        asking = asyncio.create_task(bus.ask(Say(text="slow", pause_seconds=0.3)))
        async with asyncio.timeout(5):
            while not started:
                await asyncio.sleep(0.01)
    assert (await asking).text == "slow"


async def test_leaving_also_carries_out_what_waits_for_a_slot(bus: Bus, room_bus: Bus):
    started: list[str] = []
    async with serve(room_bus, "test", make_door(started), opener(), concurrency=2):
        asking = [asyncio.create_task(bus.ask(Say(text=str(n), pause_seconds=0.2))) for n in range(8)]
        # Behind the eight on both connections: when it is answered, all of them have arrived.
        await bus.client.request("$SRV.PING.test", timeout=5)
    assert {echo.text for echo in await asyncio.gather(*asking)} == {str(n) for n in range(8)}


async def test_who_leaves_takes_nothing_more(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        pass
    with pytest.raises(NobodyAnswers):
        await bus.ask(Say(text="too late"))


async def test_a_deadline_that_is_no_time_is_refused_and_not_left_unanswered(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        message = await bus.client.request(Say.subject, b'{"text": "x"}', headers={DEADLINE_HEADER: "soon"})
    assert message.headers["Nats-Service-Error-Code"] == "422"


async def test_the_request_id_is_the_reference_that_a_bug_is_told_under(bus: Bus, room_bus: Bus):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with serve(room_bus, "test", make_door(), opener()):
            bind_context(RequestContext("r-7", "ada"))
            with pytest.raises(InternalError, match="r-7"):
                await bus.ask(Say(text="bug"))
    (told,) = [entry for entry in logs if entry["event"] == "request_failed"]
    assert (told["request_id"], told["actor"], told["reference"]) == ("r-7", "ada", "r-7")
    assert isinstance(told["exc_info"], ZeroDivisionError)


async def test_an_answer_too_large_for_the_bus_is_an_error_and_not_a_silence(bus: Bus, room_bus: Bus):
    door = RequestDoor()

    @door.answers
    async def say(request: Say, service: object) -> Echo:
        return Echo(text="x" * 2**20)

    async with serve(room_bus, "test", door, opener()):
        with pytest.raises(TooLarge):
            await bus.ask(Say(text="much"))
        assert room_bus.is_connected


async def test_rooms_are_discovered_as_adr_32_says(bus: Bus, room_bus: Bus):
    async with serve(room_bus, "test", make_door(), opener()):
        await bus.ask(Say(text="counted"))
        assert (await bus.discover())["test"] == 1
        stats = json.loads((await bus.client.request("$SRV.STATS.test")).data)
        info = json.loads((await bus.client.request("$SRV.INFO.test")).data)
    assert stats["endpoints"][0]["num_requests"] == 1
    assert info["endpoints"][0] == {"name": "word-say", "subject": Say.subject, "queue_group": "q"}


async def test_who_waits_for_long_is_told_when_the_room_was_started_again(
    bus: Bus, server: NatsServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lasting, "LOOK_SECONDS", 0.05)
    first, second = [await Bus.connect(server.settings, "room") for _ in range(2)]
    started: list[str] = []
    async with serve(first, "test", make_door(started), opener()):
        asked = asyncio.create_task(ask_for_long(bus, Say(text="long", pause_seconds=1), 60))
        while not started or await bus.instances("test") != {first.id}:
            await asyncio.sleep(0.01)
        # As a kill does it: without a word to whoever waits.
        await first.close()
        async with serve(second, "test", make_door(), opener()):
            with pytest.raises(NobodyAnswers, match="was started again"):
                await asyncio.wait_for(asked, 5)
    await second.close()


async def test_a_request_made_while_disconnected_is_refused_and_never_carried_out(tmp_path):
    server = NatsServer(tmp_path)
    server.start()
    bus, room_bus = [await Bus.connect(server.settings, name) for name in ("caller", "room")]
    started: list[str] = []
    async with serve(room_bus, "test", make_door(started), opener()):
        server.kill()
        with pytest.raises(ModelyardError):
            await bus.ask(Say(text="during"), timeout_seconds=0.5)
        while bus.is_connected:
            await asyncio.sleep(0.01)
        with pytest.raises(BusUnavailable):
            await bus.ask(Say(text="while down"))
        server.start()
        while not (bus.is_connected and room_bus.is_connected):
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        assert (await bus.ask(Say(text="after"))).text == "after"
        assert "while down" not in started
    await bus.close()
    await room_bus.close()
    server.stop()
