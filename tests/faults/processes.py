"""Processes of the stack with all that they started: killed, or stopped as a suspended machine stops them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path


def tree(pid: int) -> list[int]:
    """The process itself and all below it."""
    found = [pid]
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, listing.read_text().split()):
                found += tree(child)
    return found


def below(pid: int) -> list[int]:
    """What it started: of a worker or a room the jobs, while it goes on telling that it is there."""
    return tree(pid)[1:]


def send(number: signal.Signals, pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@asynccontextmanager
async def standing_still(pids: Sequence[int]) -> AsyncIterator[None]:
    send(signal.SIGSTOP, pids)
    try:
        yield
    finally:
        send(signal.SIGCONT, pids)


async def ended(pid: int, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.05)
