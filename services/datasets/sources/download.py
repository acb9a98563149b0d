"""A file from the web into a file here: counted, patient, resumed where it broke."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import httpx

from libs.common.web.hop import get
from services.datasets.errors import (
    SourceIsMalformed,
    SourceIsNotAllowed,
    SourceNotFound,
    SourceUnavailable,
)
from services.datasets.settings import ArchiveLimits
from services.datasets.sources.filename import filename_of
from services.datasets.sources.limits import check_disk, check_size, full_disk_named
from services.datasets.sources.meter import tell
from services.datasets.sources.origin import Progress

CHUNK_BYTES = 2**20
# A server that drips gets no more than this for a chunk.
PATIENCE_SECONDS = 300.0
MOST_TRIES = 6
LONGEST_PAUSE_SECONDS = 15.0
# Who has come so much further may fail as often again.
PROGRESS_BYTES = 16 * 2**20
WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})


class Interrupted(Exception):
    """The server stopped or is busy; another try may go on."""


@dataclass
class Download:
    url: httpx.URL
    path: Path
    limits: ArchiveLimits
    hosts: Collection[str]
    progress: Progress
    pause_seconds: float = 1.0
    _received: int = field(default=0, init=False)
    # ETag or date of what has been received: only the same file can be gone on with.
    _validator: str | None = field(default=None, init=False)

    async def run(self) -> str:
        """The name of the file, as its server has it. Raises the named errors of a source."""
        num_failures = furthest = 0
        with full_disk_named():
            while True:
                try:
                    return await self._attempt()
                except (httpx.TransportError, TimeoutError, Interrupted) as error:
                    has_come_further = self._received > furthest + PROGRESS_BYTES
                    num_failures = 1 if has_come_further else num_failures + 1
                    furthest = max(furthest, self._received)
                    if num_failures == MOST_TRIES:
                        raise SourceUnavailable(f"{self.url.host}: {_words(error)}") from error
                await asyncio.sleep(min(self.pause_seconds * 2 ** (num_failures - 1), LONGEST_PAUSE_SECONDS))

    async def _attempt(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS) as patience:
            async with get(self.url, self._resuming(), self.hosts) as response:
                self._refuse(response)
                total_bytes = self._begin(response)
                with await asyncio.to_thread(_opened, self.path, self._received) as file:
                    await self._receive(response, file, total_bytes, patience)
                return filename_of(response, self.url)

    def _resuming(self) -> dict[str, str]:
        if not self._received or self._validator is None:
            return {}
        return {"range": f"bytes={self._received}-", "if-range": self._validator}

    def _refuse(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in WORTH_ANOTHER_TRY:
            raise Interrupted(f"the server answered {status}")
        if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            self._received = 0
            raise Interrupted("the server has another file now")
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise SourceIsNotAllowed(f"{self.url.host} answered {status}: it is not open to everybody")
        if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise SourceNotFound(f"{self.url.host} answered {status}")
        packing = response.headers.get("content-encoding", "identity").lower()
        if packing != "identity":
            raise SourceIsMalformed(f"{self.url.host} sends it packed as {packing}, which nobody asked for")

    def _begin(self, response: httpx.Response) -> int:
        """How long the whole is, 0 if nobody says; what cannot be gone on with begins anew."""
        if response.status_code == httpx.codes.PARTIAL_CONTENT:
            asked = response.headers.get("content-range", "").startswith(f"bytes {self._received}-")
            if not asked or _validator(response) not in (None, self._validator):
                self._received = 0
                raise Interrupted("the server sent another part than was asked for")
        else:
            self._received = 0
            self._validator = _validator(response)
        total_bytes = self._received + _length(response)
        check_size(total_bytes, self.limits)
        check_disk(self.path.parent, total_bytes - self._received)
        return total_bytes if _length(response) else 0

    async def _receive(
        self, response: httpx.Response, file: BinaryIO, total_bytes: int, patience: asyncio.Timeout
    ) -> None:
        """What a server says of the length is not believed."""
        loop = asyncio.get_running_loop()
        async for chunk in response.aiter_raw(CHUNK_BYTES):
            check_size(self._received + len(chunk), self.limits)
            await asyncio.to_thread(file.write, chunk)
            self._received += len(chunk)
            await tell(self.progress, self._received, total_bytes)
            patience.reschedule(loop.time() + PATIENCE_SECONDS)


def _opened(path: Path, offset: int) -> BinaryIO:
    """Writes go on at `offset`."""
    file = path.open("r+b" if offset else "wb")
    file.truncate(offset)
    file.seek(offset)
    return file


def _validator(response: httpx.Response) -> str | None:
    etag = response.headers.get("etag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return response.headers.get("last-modified")


def _length(response: httpx.Response) -> int:
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
