"""Server-sent events over HTTP: facts and a run's telemetry, resumed where the browser left off."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from httpx_sse import ServerSentEvent, aconnect_sse

from libs.common.bus import TelemetryPublisher
from libs.common.contracts.base import FactEnvelope, now
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.runs import RunState
from libs.common.contracts.telemetry import LogLine, MetricPoint, Progress, TelemetryBatch
from libs.common.ids import new_id
from services.gateway.streams import MOST_OF_ONE_CALLER
from tests.house import House
from tests.integration.gateway.conftest import Gateway, running_gateway
from tests.integration.gateway.people import join, make_account, signed_in
from tests.integration.gateway.room import SmallRoom
from tests.integration.gateway.test_http import problem_of, token_of_role
from tests.stack import TestStack

MANY = httpx.Limits(max_connections=MOST_OF_ONE_CALLER + 2)


class Stream:
    def __init__(self, events: AsyncIterator[ServerSentEvent]) -> None:
        self._events = events

    async def next(self) -> ServerSentEvent:
        return await asyncio.wait_for(anext(self._events), 15)


@asynccontextmanager
async def following(api: httpx.AsyncClient, path: str, last_id: str | None = None) -> AsyncIterator[Stream]:
    headers = {"Last-Event-ID": last_id} if last_id is not None else {}
    async with aconnect_sse(api, "GET", path, headers=headers) as source:
        assert source.response.status_code == 200, await source.response.aread()
        # The answer's head is sent when the stream is opened; what happens from then on is heard.
        await asyncio.sleep(0.3)
        yield Stream(source.aiter_sse())


async def delete_project(house: House, name: str) -> None:
    await house.announce(ProjectDeleted(project_id=new_id(), name=name))


def batch(run_id, step: int, **changes) -> TelemetryBatch:
    points = (MetricPoint(key="train/loss", step=step, value=1 / step, at=now()),)
    return TelemetryBatch(id=new_id(), run_id=run_id, attempt=1, points=points, **changes)


async def status_of(api: httpx.AsyncClient, path: str) -> int:
    async with api.stream("GET", path) as answer:
        return answer.status_code


class TestHowManyAtOnce:
    async def test_one_caller_holds_so_many_and_others_are_not_in_its_way(self, gateway: Gateway, api):
        """A script that opens streams and forgets them harms itself only."""
        other = await make_account(api, "viewer")
        async with gateway.client(await token_of_role(api, "viewer"), limits=MANY) as flooding:
            async with AsyncExitStack() as opened:
                for _ in range(MOST_OF_ONE_CALLER):
                    answer = await opened.enter_async_context(flooding.stream("GET", "/v1/events"))
                    assert answer.status_code == 200
                problem = problem_of(await flooding.get("/v1/events"), 429, "too_many_streams")
                async with signed_in(gateway, other) as calm:
                    assert await status_of(calm, "/v1/events") == 200

            async with asyncio.timeout(10):
                while await status_of(flooding, "/v1/events") != 200:
                    await asyncio.sleep(0.1)
        assert str(MOST_OF_ONE_CALLER) in problem["detail"]


class TestWhoMayNotReadAnyMore:
    """Nothing has to happen for it: the stream itself ends."""

    @pytest.mark.parametrize("change", [{"is_active": False}, None])
    async def test_an_account_that_is_deactivated_or_gone_hears_nothing_more(self, gateway, api, change):
        person = await make_account(api, "viewer")
        async with signed_in(gateway, person) as browser, following(browser, "/v1/events") as stream:
            path = f"/v1/users/{person.id}"
            await (api.delete(path) if change is None else api.patch(path, json=change))

            with pytest.raises(StopAsyncIteration):
                await stream.next()

    async def test_a_run_is_not_followed_after_the_end_of_membership(self, gateway, api, room: SmallRoom):
        run, person = room.add_run(), await make_account(api, "viewer")
        await join(api, run.project_id, person, "viewer")
        async with signed_in(gateway, person) as browser:
            async with following(browser, f"/v1/runs/{run.id}/stream") as stream:
                await api.delete(f"/v1/projects/{run.project_id}/members/{person.id}")

                with pytest.raises(StopAsyncIteration):
                    await stream.next()
            problem_of(await browser.get(f"/v1/runs/{run.id}"), 404, "not_found")

    async def test_who_stays_goes_on_hearing(self, gateway, api, house):
        async with following(api, "/v1/events") as stream:
            await make_account(api, "viewer")
            await api.delete(f"/v1/users/{(await make_account(api, 'viewer')).id}")
            await delete_project(house, "Cats")

            assert (await stream.next()).event == "project.deleted"


class TestFacts:
    async def test_come_as_they_happen_with_type_and_envelope(self, api, house: House):
        async with following(api, "/v1/events") as stream:
            await delete_project(house, "Cats")
            event = await stream.next()

        envelope = FactEnvelope.model_validate_json(event.data)
        assert (event.event, envelope.type) == ("project.deleted", "project.deleted")
        assert envelope.data["name"] == "Cats"

    async def test_resume_behind_the_last_one_seen(self, api, house: House):
        async with following(api, "/v1/events") as stream:
            await delete_project(house, "first")
            seen = await stream.next()
        await delete_project(house, "while away")

        async with following(api, "/v1/events", seen.id) as stream:
            await delete_project(house, "after")
            names = [FactEnvelope.model_validate_json((await stream.next()).data).data["name"] for _ in "12"]

        assert names == ["while away", "after"]

    async def test_an_id_of_another_house_means_load_the_page_again(self, api):
        async with following(api, "/v1/events", "1-1") as stream:
            assert (await stream.next()).event == "reset"

    async def test_the_browsers_cookie_opens_the_stream(self, gateway: Gateway, house: House):
        async with gateway.client() as browser:
            await browser.post("/v1/auth/login", json={"token": gateway.token})
            async with following(browser, "/v1/events") as stream:
                await delete_project(house, "Cats")
                assert (await stream.next()).event == "project.deleted"


class TestARunsTelemetry:
    async def test_comes_in_parts_and_only_the_last_part_carries_the_id(self, api, house, room: SmallRoom):
        run = room.add_run()
        lines = (LogLine(at=now(), text="epoch 1", seq=0),)
        async with following(api, f"/v1/runs/{run.id}/stream") as stream:
            publisher = TelemetryPublisher(house.bus)
            await publisher.publish(batch(run.id, 1, logs=lines, progress=Progress(fraction=0.5)))
            events = [await stream.next() for _ in range(3)]

        assert [event.event for event in events] == ["metrics", "log", "progress"]
        assert [bool(event.id) for event in events] == [False, False, True]
        assert events[0].json()[0]["key"] == "train/loss"

    async def test_of_other_runs_is_not_heard(self, api, house, room: SmallRoom):
        run, other = room.add_run(), room.add_run()
        publisher = TelemetryPublisher(house.bus)
        async with following(api, f"/v1/runs/{run.id}/stream") as stream:
            await publisher.publish(batch(other.id, 7))
            await publisher.publish(batch(run.id, 1))
            event = await stream.next()

        assert event.json()[0]["step"] == 1

    async def test_resumes_without_a_gap_and_without_a_double(self, api, house, room: SmallRoom):
        run = room.add_run()
        publisher = TelemetryPublisher(house.bus)
        async with following(api, f"/v1/runs/{run.id}/stream") as stream:
            await publisher.publish(batch(run.id, 1))
            seen = await stream.next()
        for step in range(2, 300):
            await publisher.publish(batch(run.id, step))

        async with following(api, f"/v1/runs/{run.id}/stream", seen.id) as stream:
            await publisher.publish(batch(run.id, 300))
            steps = [(await stream.next()).json()[0]["step"] for _ in range(2, 301)]

        assert steps == list(range(2, 301))

    async def test_of_a_run_that_is_over_ends_at_once(self, api, room: SmallRoom):
        run = room.add_run(RunState.COMPLETED)
        async with following(api, f"/v1/runs/{run.id}/stream") as stream:
            assert (await stream.next()).event == "ended"
            with pytest.raises(StopAsyncIteration):
                await stream.next()

    async def test_of_an_unknown_run_is_a_problem_and_no_stream(self, api, room: SmallRoom):
        problem_of(await api.get(f"/v1/runs/{new_id()}/stream"), 404, "not_found")


async def test_a_gateway_with_an_open_stream_still_stops(stores: TestStack):
    # A second gateway, on ports that nobody else here wants.
    ports = stores.stack.ports
    with running_gateway(stores, ports["trainer"], ports["worker"]) as gateway:
        async with gateway.client(gateway.token) as client, following(client, "/v1/events") as stream:
            gateway.process.send_signal(signal.SIGTERM)
            with pytest.raises((StopAsyncIteration, httpx.RemoteProtocolError)):
                while True:
                    await stream.next()
        assert await asyncio.to_thread(gateway.process.wait, 10) == -signal.SIGTERM
