"""Processes of a stack that outlived its supervisord: found by a mark, ended."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infra.local.home import Stack
from infra.local.postgres import data_folder

# In the environment of supervisord, and so of everything under it: the home it belongs to.
MARK = "MODELYARD_STACK"
GONE_SECONDS = 10


def end_leftovers(stack: Stack) -> None:
    """Only what belongs to this home; returns when it is gone."""
    deadline = time.monotonic() + GONE_SECONDS
    while (left := list(processes_of(stack))) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def lives(pid: int) -> bool:
    """A zombie that nobody reaps does not."""
    try:
        return bool(Path(f"/proc/{pid}/environ").read_bytes())
    except OSError:
        return False


def processes_of(stack: Stack) -> Iterator[int]:
    """Found by the mark in their environment; PostgreSQL overwrites its own to show titles there."""
    own = f"{MARK}={stack.home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if own in (folder / "environ").read_bytes().split(b"\0") or _is_postgres_of(stack, folder):
                yield int(folder.name)


def _is_postgres_of(stack: Stack, folder: Path) -> bool:
    program, works_in = (folder / "exe").readlink(), (folder / "cwd").readlink()
    return program.name == "postgres" and works_in == data_folder(stack)
