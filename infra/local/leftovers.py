"""Processes of a stack that outlived its supervisord: found by a mark, asked to end, then ended."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infra.local.home import Stack
from infra.local.postgres import data_folder, stop_cluster

# In the environment of supervisord, and so of everything under it: the home it belongs to.
MARK = "MODELYARD_STACK"
LEAVE_SECONDS = 4
GONE_SECONDS = 10


def end_leftovers(stack: Stack) -> None:
    """Only what belongs to this home; returns when it is gone."""
    for pid in _marked(stack):
        _send(pid, signal.SIGTERM)
    # Killed, it would leave its shared memory behind.
    stop_cluster(stack)
    if not _are_gone(stack, LEAVE_SECONDS):
        for pid in processes_of(stack):
            _send(pid, signal.SIGKILL)
        _are_gone(stack, GONE_SECONDS)


def lives(pid: int) -> bool:
    """A zombie that nobody reaps does not."""
    try:
        return bool(Path(f"/proc/{pid}/environ").read_bytes())
    except OSError:
        return False


def processes_of(stack: Stack) -> Iterator[int]:
    yield from _marked(stack)
    yield from _postgres(stack)


def _marked(stack: Stack) -> Iterator[int]:
    own = f"{MARK}={stack.home}".encode()
    for folder in _all_processes():
        with suppress(OSError):
            if own in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def _postgres(stack: Stack) -> Iterator[int]:
    """PostgreSQL overwrites its environment to show titles there."""
    for folder in _all_processes():
        with suppress(OSError):
            program, works_in = (folder / "exe").readlink(), (folder / "cwd").readlink()
            if program.name == "postgres" and works_in == data_folder(stack):
                yield int(folder.name)


def _all_processes() -> Iterator[Path]:
    return Path("/proc").glob("[0-9]*")


def _are_gone(stack: Stack, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(processes_of(stack)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
