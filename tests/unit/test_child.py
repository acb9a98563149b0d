"""Children report, are ended for certain, and never outlive their parent."""

import asyncio
import math
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from libs.common.child import (
    CheckpointMessage,
    Child,
    ChildCrashed,
    ChildFoundNoRoom,
    ChildMessage,
    ChildWasKilled,
    FailedMessage,
    FinishedMessage,
    LogMessage,
    MetricsMessage,
    ProgressMessage,
    StepsMessage,
)
from libs.common.child.parent import crash
from libs.common.errors import ProblemDetails, error_from_problem
from services.datasets.errors import DiskIsFull
from tests.unit.child_program import Play


async def start(directory: Path, act: str, memory_limit_bytes: int | None = None) -> Child:
    play = Play(act=act, note=str(directory / "pids"))
    return await Child.start(
        "tests.unit.child_program", play, directory, memory_limit_bytes=memory_limit_bytes
    )


async def heard(child: Child) -> list[ChildMessage]:
    async with child:
        return [message async for message in child.messages()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def ends(*pids: int) -> bool:
    deadline = time.monotonic() + 5
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return not any(map(is_alive, pids))


async def test_everything_reported_or_printed_arrives(tmp_path: Path) -> None:
    messages = {type(message): message for message in await heard(await start(tmp_path, "work"))}
    assert set(messages) == {
        *(ProgressMessage, MetricsMessage, StepsMessage),
        *(LogMessage, CheckpointMessage, FinishedMessage),
    }
    assert messages[ProgressMessage].message == "a quarter"
    assert messages[MetricsMessage].values["accuracy"] == 0.5
    assert math.isnan(messages[MetricsMessage].values["loss"])
    last = messages[StepsMessage]
    assert last.first_step + len(last.values["train/loss"]) - 1 == 3000
    assert (messages[LogMessage].text, messages[LogMessage].stream) == ("printed", "stdout")
    assert messages[FinishedMessage].result == {"epochs": 2}


async def test_a_child_asked_to_stop_ends_cleanly(tmp_path: Path) -> None:
    async with await start(tmp_path, "until_stopped") as child:
        async for message in child.messages():
            if isinstance(message, ProgressMessage):
                child.request_stop()
    assert isinstance(message, FinishedMessage)


async def test_an_error_with_words_is_told_with_them(tmp_path: Path) -> None:
    *_, last = await heard(await start(tmp_path, "refuse"))
    assert isinstance(last, FailedMessage)
    assert (last.code, last.detail) == ("bad_input", "the picture is upside down")


async def test_a_crash_is_told_with_its_exit_code_and_last_lines(tmp_path: Path) -> None:
    with pytest.raises(ChildCrashed) as crashed:
        await heard(await start(tmp_path, "crash"))
    assert crashed.value.exit_code == 1
    assert "about to divide" in crashed.value.last_lines
    assert crashed.value.last_lines[-1] == "ZeroDivisionError: by nought"


async def test_a_killed_child_is_told_with_its_signal(tmp_path: Path) -> None:
    with pytest.raises(ChildCrashed, match="SIGKILL") as crashed:
        await heard(await start(tmp_path, "kill_itself"))
    assert crashed.value.exit_code == -signal.SIGKILL


async def test_a_child_over_its_memory_limit_says_so(tmp_path: Path) -> None:
    *_, last = await heard(await start(tmp_path, "eat_memory", memory_limit_bytes=2**30))
    assert isinstance(last, FailedMessage)
    assert last.code == "out_of_memory"


async def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = await start(tmp_path, "ignore_terminate")
    with pytest.raises(ChildCrashed):
        async for _ in child.messages():
            await child.terminate(grace_seconds=0.3)
    assert not is_alive(child.pid)


async def test_what_a_child_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    await heard(await start(tmp_path, "leave_someone_behind"))
    assert await ends(int((tmp_path / "pids").read_text()))


async def test_leaving_the_block_early_ends_the_child(tmp_path: Path) -> None:
    async with await start(tmp_path, "linger") as child:
        async for _ in child.messages():
            break
    assert await ends(*map(int, (tmp_path / "pids").read_text().split()))


async def test_a_child_dies_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.unit.child_parent_program", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert await asyncio.wait_for(parent.stdout.readline(), 20) == b"ready\n"
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    child, helper = pids
    try:
        assert await ends(child)
    finally:
        if is_alive(helper):
            os.kill(helper, signal.SIGKILL)


async def test_a_child_inherits_no_credentials_and_its_threads_wait_in_peace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELYARD_DATABASE__URL", "postgresql://secret")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    assert await _seen(tmp_path) == "GOMP_SPINCOUNT=2000"
    monkeypatch.setenv("GOMP_SPINCOUNT", "5")
    assert await _seen(tmp_path) == "GOMP_SPINCOUNT=5"


async def _seen(directory: Path) -> str:
    messages = await heard(await start(directory, "look_around"))
    return next(message.text for message in messages if isinstance(message, LogMessage))


def test_what_another_attempt_may_mend_is_told_apart_from_what_it_may_not():
    assert isinstance(crash(-signal.SIGKILL, ()), ChildWasKilled)
    assert isinstance(crash(1, ("OSError: [Errno 28] No space left on device",)), ChildFoundNoRoom)
    assert [crash(code, ("ValueError",)).retryable for code in (1, -signal.SIGSEGV, -signal.SIGKILL)] == [
        *(False, False, True)
    ]


def test_what_a_child_fails_with_itself_is_not_taken_for_its_crash():
    """Errors are known again by their code, and those of crashes are made otherwise than the rest."""
    problem = ProblemDetails(title="", status=503, detail="full", code=DiskIsFull.code, retryable=True)

    assert isinstance(error_from_problem(problem), DiskIsFull)
