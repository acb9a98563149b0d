"""The users of the bus may do what the code of their processes does, and nothing besides."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from infra.nats.authorization import FILE, checked_in
from infra.nats.users import ANSWERED_WITHIN_SECONDS, PROCESSES, ROOMS, STREAMS, USERS, User
from libs.common.bus import EventDoor
from libs.common.bus import streams as bus_streams
from libs.common.bus.subjects import consumer_name, dead_letter
from libs.common.contracts.base import Request
from libs.common.jobs import JobDoor
from libs.common.settings import BusSettings
from tests.nats import fits

ROOT = Path(__file__).parents[2]
BY_NAME = {user.name: user for user in USERS}
REACTING = sorted({path.parent.name for path in (ROOT / "services").glob("*/events.py")})
# The process → the module of its work door.
WORKING = {
    **{
        path.parent.name: f"services.{path.parent.name}.jobs"
        for path in (ROOT / "services").glob("*/jobs.py")
    },
    "worker": "services.trainer.worker.jobs",
}
# What speaks for a work door; the queue itself beside it answers requests of the same names.
WORKER = (ROOT / "libs/common/jobs/worker.py", ROOT / "libs/common/jobs/work.py")


def doors(module: str, kind: type) -> list:
    return [value for value in vars(import_module(module)).values() if isinstance(value, kind)]


def may_publish(user: User, subject: str) -> bool:
    return any(fits(subject, pattern) for pattern in user.publishes)


def requests_named_in(*files: Path) -> Iterator[type[Request]]:
    """Those that they import from the contracts: what they can ask."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("libs.common.contracts"):
                found = import_module(node.module or "")
                for each in (getattr(found, alias.name, None) for alias in node.names):
                    if isinstance(each, type) and issubclass(each, Request) and each.subject:
                        yield each


def test_every_process_has_a_user_beside_the_owner_and_the_integration():
    assert set(BY_NAME) == {*PROCESSES, "modelyard", "integration"}
    assert len(BY_NAME) == len(USERS)


def test_the_file_that_compose_reads_is_what_the_table_says():
    assert FILE.read_text() == checked_in(), "renew it: python -m infra.nats"


def test_the_streams_are_those_that_the_bus_declares():
    assert tuple(stream.name for stream in bus_streams.STREAMS) == STREAMS


@pytest.mark.parametrize("name", REACTING)
def test_a_room_has_the_consumers_of_its_fact_door_and_no_others(name):
    reactions = [
        r.fact for door in doors(f"services.{name}.events", EventDoor) for r in door.reactions.values()
    ]
    consumers = {consumer_name(name, fact.noun, fact.past) for fact in reactions}
    user = BY_NAME[name]

    assert {each.rpartition(".")[2] for each in user.publishes if ".DURABLE." in each} == consumers
    assert {each.split(".")[3] for each in user.publishes if each.startswith("$JS.ACK.FACTS.")} == consumers
    assert {each for each in user.publishes if each.startswith("dlq.")} == {
        dead_letter(bus_streams.FACTS, consumer) for consumer in consumers
    }


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_process_is_woken_for_the_kinds_of_jobs_that_it_does_and_no_others(name):
    kinds = (
        {kind for door in doors(WORKING[name], JobDoor) for kind in door.kinds} if name in WORKING else set()
    )
    hints = {each.removeprefix("jobs.wake.") for each in BY_NAME[name].hears if each.startswith("jobs.wake.")}

    assert hints == kinds


@pytest.mark.parametrize("name", sorted(WORKING))
def test_whoever_does_jobs_may_ask_for_them_and_about_nothing_else_of_the_queue(name):
    named = {request.subject for request in requests_named_in(*WORKER)}
    allowed = {each for each in BY_NAME[name].publishes if each.startswith("svc.trainer.job.")}

    assert allowed == named


def test_a_worker_may_ask_what_its_code_asks_and_nothing_else():
    trainer = ROOT / "services/trainer"
    files = (*(trainer / "worker").rglob("*.py"), *(trainer / "node").rglob("*.py"), *WORKER)
    asked = {request.subject for request in requests_named_in(*files)}

    assert {each for each in BY_NAME["worker"].publishes if each.startswith("svc.")} == asked


@pytest.mark.parametrize("name", sorted(set(ROOMS) - {"gateway"}))
def test_a_room_names_no_request_to_another_room_but_those_of_its_jobs(name):
    """Nobody asks back: what a room needs came with the message."""
    outside = {
        request.subject
        for request in requests_named_in(*(ROOT / "services" / name).rglob("*.py"))
        if request.subject.split(".")[1] != name
    }
    assert outside == set()


def test_the_gateway_may_ask_every_room_whatever_it_answers():
    rooms = set(ROOMS) - {"gateway"}
    assert all(may_publish(BY_NAME["gateway"], f"svc.{name}.noun.verb") for name in rooms)


def test_an_answer_is_let_through_for_as_long_as_anybody_waits_for_one():
    code = "".join(file.read_text() for file in (ROOT / "services/gateway").rglob("*.py"))
    waits = [float(found) for found in re.findall(r"(?:_SECONDS = |timeout_seconds=)([\d.]+)", code)]
    # What is in the file by its hour is no wait for an answer.
    assert 60 < max(wait for wait in waits if wait < 3600) < ANSWERED_WITHIN_SECONDS


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"modelyard"}))
def test_nobody_may_destroy_a_stream_or_speak_for_another(name):
    user = BY_NAME[name]
    for verb in ("DELETE", "PURGE", "MSG.GET", "MSG.DELETE"):
        assert not may_publish(user, f"$JS.API.STREAM.{verb}.FACTS")
    assert not may_publish(user, "live.facts.run.completed.1")
    assert [each for each in user.hears if each.startswith("svc.")] in ([], [f"svc.{name}.>"])
    assert [each for each in user.hears if each.startswith("_INBOX")] in (
        [],
        [BusSettings(user=name).inbox_prefix + ".>"],
    )
