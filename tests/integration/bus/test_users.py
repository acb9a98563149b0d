"""Every user may do its own work on a real server, and is refused everything else."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from infra.nats.users import OWNER, USERS, User
from libs.common.bus import Bus, RequestDoor, TelemetryPublisher, ensure_streams, serve
from libs.common.contracts.jobs import ClaimJob, Lease, WorkerIdentity
from libs.common.contracts.telemetry import TelemetryBatch
from libs.common.errors import TimedOut
from libs.common.ids import new_id
from tests.integration.bus.conftest import opener
from tests.nats import NatsServer, fits

OTHERS = [user for user in USERS if user.name != OWNER]
# What nobody but the owner may say or hear.
FORBIDDEN = ("$JS.API.STREAM.DELETE.FACTS", "$JS.API.STREAM.PURGE.FACTS", "$SYS.REQ.SERVER.PING", "anything")
CLAIM = ClaimJob(worker=WorkerIdentity(id="1", node="here", kinds=("run.train",)), token=new_id())
door = RequestDoor()


@door.answers
async def claim(_: ClaimJob, __: object) -> Lease | None:
    return None


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    started = NatsServer(tmp_path_factory.mktemp("guarded"))
    started.start()
    yield started
    started.stop()


@asynccontextmanager
async def connected(server: NatsServer, user: str) -> AsyncIterator[Bus]:
    bus = await Bus.connect(server.settings_of(user), user)
    try:
        yield bus
    finally:
        await bus.close()


def spoken(subject: str) -> str:
    """One subject that the pattern means."""
    return subject.replace("*", "x").replace(">", "x.y")


async def refused(server: NatsServer, verb: str, after: int, count: int) -> set[str]:
    """Subjects that the server refused since; it writes its log a moment later."""
    async with asyncio.timeout(5):
        while len(lines := server.violations()[after:]) < count:
            await asyncio.sleep(0.02)
    return {
        found[1] for line in lines if (found := re.search(rf'{verb} Violation .* Subject "([^"]+)"', line))
    }


@pytest.mark.parametrize("user", OTHERS, ids=lambda user: user.name)
async def test_a_user_may_publish_on_its_own_subjects_and_nowhere_else(guarded: NatsServer, user: User):
    subjects = {spoken(subject) for each in OTHERS for subject in each.publishes} | {*FORBIDDEN}
    forbidden = {each for each in subjects if not any(fits(each, own) for own in user.publishes)}
    before = len(guarded.violations())

    async with connected(guarded, user.name) as bus:
        for subject in subjects:
            await bus.client.publish(subject, b"{")
        await bus.client.flush()

    assert {*FORBIDDEN} <= forbidden
    assert await refused(guarded, "Publish", before, len(forbidden)) == forbidden


@pytest.mark.parametrize("user", OTHERS, ids=lambda user: user.name)
async def test_a_user_may_listen_on_its_own_subjects_and_nowhere_else(guarded: NatsServer, user: User):
    subjects = {subject for each in OTHERS for subject in each.hears} | {*FORBIDDEN, ">", "svc.>", "_INBOX.>"}
    forbidden = {each for each in subjects if not any(fits(each, own) for own in user.hears)}
    before = len(guarded.violations())

    async with connected(guarded, user.name) as bus:
        for subject in subjects:
            await bus.client.subscribe(subject)
        await bus.client.flush()

    assert {*FORBIDDEN, ">"} <= forbidden
    assert await refused(guarded, "Subscription", before, len(forbidden)) == forbidden


async def test_an_integration_hears_facts_and_nothing_of_the_inside(guarded: NatsServer):
    async with connected(guarded, "trainer") as trainer, connected(guarded, "integration") as integration:
        await ensure_streams(trainer)
        heard = await integration.client.subscribe("facts.>")
        await integration.client.flush()
        await trainer.jetstream.publish("facts.word.said.1", b"hello")

        assert (await heard.next_msg(5)).data == b"hello"


async def test_a_worker_asks_for_jobs_and_sends_telemetry_and_is_answered(guarded: NatsServer):
    async with connected(guarded, "trainer") as trainer, connected(guarded, "worker") as worker:
        await ensure_streams(trainer)
        async with serve(trainer, "trainer", door, opener()):
            assert await worker.ask(CLAIM) is None
            batch = TelemetryBatch(id=new_id(), run_id=new_id(), attempt=1, points=())
            await TelemetryPublisher(worker).publish(batch)


async def test_the_answers_of_one_are_not_heard_by_another(guarded: NatsServer):
    before = len(guarded.violations())
    async with connected(guarded, "trainer") as trainer, connected(guarded, "notifier") as curious:
        await curious.client.subscribe(f"{trainer.client.new_inbox().rpartition('.')[0]}.>")
        await curious.client.flush()
    assert await refused(guarded, "Subscription", before, 1)


async def test_a_room_that_may_not_ask_gets_no_answer(guarded: NatsServer):
    async with (
        connected(guarded, "trainer") as trainer,
        connected(guarded, "notifier") as curious,
        serve(trainer, "trainer", door, opener()),
    ):
        with pytest.raises(TimedOut):
            await curious.ask(CLAIM, timeout_seconds=0.2)
