"""The agent beside a worker: whatever happens to it, it goes on, and never ends the work."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from libs.common.contracts.system import NodeReading, TellNode, Told
from libs.common.errors import ModelyardError, Unavailable
from services.trainer.node import telling
from services.trainer.node.machine import Machine
from services.trainer.node.telling import tell_of_node


class Room:
    """Answers one after the other, and then for ever the last."""

    def __init__(self, *answers: Told | ModelyardError) -> None:
        self.heard: list[TellNode] = []
        self._answers = list(answers)

    async def ask(self, request: TellNode) -> Told:
        self.heard.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, ModelyardError):
            raise answer
        return answer

    async def hears(self, number: int) -> None:
        async with asyncio.timeout(10):
            while len(self.heard) < number:
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(telling, "UNREADABLE_SECONDS", 0.01)


async def test_a_room_that_is_away_is_told_again_and_says_how_often(tmp_path: Path) -> None:
    often = Told(is_heard=True, next_seconds=0.01)
    room = Room(Unavailable("nobody answers"), often, Told(is_heard=False, next_seconds=3600))
    telling_task = asyncio.create_task(tell_of_node(room, "attic", {"scratch": tmp_path}))
    await room.hears(3)
    await asyncio.sleep(0.1)
    telling_task.cancel()
    assert len(room.heard) == 3
    assert {each.node for each in room.heard} == {"attic"}
    assert len({each.teller for each in room.heard}) == 1


@pytest.mark.parametrize("part", ["start", "read"])
async def test_a_machine_that_cannot_be_read_now_is_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    sound: Callable[[Machine], NodeReading | None] = getattr(Machine, part)
    failures = [OSError("no sensors today")]

    def failing(machine: Machine) -> NodeReading | None:
        if failures:
            raise failures.pop()
        return sound(machine)

    monkeypatch.setattr(Machine, part, failing)
    room = Room(Told(is_heard=True, next_seconds=3600))
    telling_task = asyncio.create_task(tell_of_node(room, "attic", {"scratch": tmp_path}))
    await room.hears(1)
    assert not telling_task.done()
    telling_task.cancel()
