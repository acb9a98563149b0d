"""Tells a job how far a download is, while other threads bring the bytes."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.datasets.sources.origin import Progress

EVERY_SECONDS = 0.5
MB = 10**6


class NobodyWaits(Exception):
    """Ends a download in a thread, which no cancellation reaches."""


class Meter:
    """Within `telling()` the job hears of what `add` counts."""

    def __init__(self, total_bytes: int, progress: Progress) -> None:
        self._total_bytes = total_bytes
        self._progress = progress
        self._received_bytes = 0
        self._lock = threading.Lock()
        self._is_over = False

    def add(self, num_bytes: int) -> None:
        """Called in threads."""
        if self._is_over:
            raise NobodyWaits
        with self._lock:
            self._received_bytes += num_bytes

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        teller = asyncio.create_task(self._tell())
        try:
            yield
        finally:
            self._is_over = True
            teller.cancel()
            await asyncio.wait({teller})

    async def _tell(self) -> None:
        while True:
            await tell(self._progress, self._received_bytes, self._total_bytes)
            await asyncio.sleep(EVERY_SECONDS)


async def tell(progress: Progress, received_bytes: int, total_bytes: int) -> None:
    """Of a total that nobody knows the fraction stays 0."""
    if total_bytes:
        message = f"fetching: {_megabytes(received_bytes)} of {_megabytes(total_bytes)} MB"
        await progress(min(received_bytes / total_bytes, 1.0), message)
    else:
        await progress(0, f"fetching: {_megabytes(received_bytes)} MB")


def _megabytes(num_bytes: int) -> int:
    return -(-num_bytes // MB)
