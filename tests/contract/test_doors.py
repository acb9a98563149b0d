"""Every request of the shared language has exactly one room that answers it, the one its subject names."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from libs.common import contracts
from libs.common.bus import RequestDoor
from libs.common.contracts.base import Request

SERVICES = Path(__file__).parents[2] / "services"
# A file, or a folder with one for each noun.
ROOMS = sorted(path.parent.name for path in SERVICES.glob("*/requests*"))


def subjects_answered_by(room: str) -> set[str]:
    module = import_module(f"services.{room}.requests")
    doors = [value for value in vars(module).values() if isinstance(value, RequestDoor)]
    return {subject for door in doors for subject in door.endpoints}


def every_request(kind: type = Request) -> Iterator[type[Request]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("libs.") and each.subject:
            yield each
        yield from every_request(each)


def subjects_asked_of(room: str) -> set[str]:
    for module in iter_modules(contracts.__path__, "libs.common.contracts."):
        import_module(module.name)
    return {request.subject for request in every_request() if request.subject.split(".")[1] == room}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_answers_what_it_is_asked_and_nothing_else(room):
    answered, asked = subjects_answered_by(room), subjects_asked_of(room)

    assert (asked - answered, answered - asked) == (set(), set())


def test_no_request_is_addressed_to_a_room_that_is_not_there():
    rooms = {request.subject.split(".")[1] for request in every_request()}

    assert rooms <= set(ROOMS)
