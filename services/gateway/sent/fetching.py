"""Images by URL: only where the operator allows it, from public addresses, a few at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from libs.common.errors import Problem
from libs.common.web.errors import SourceIsMalformed, SourceIsNotAllowed, SourceNotFound, SourceUnavailable
from libs.common.web.hop import get, parsed
from services.gateway.errors import BodyTooLarge, UrlsAreNotFetched
from services.gateway.sent.json_images import ImageByUrl
from services.gateway.settings import Settings

AT_ONCE = 4
PATIENCE_SECONDS = 15.0
CHUNK_BYTES = 64 * 2**10
OF_A_SOURCE = (SourceIsMalformed, SourceIsNotAllowed, SourceNotFound, SourceUnavailable)


@dataclass
class Fetching:
    """Of one request: all that it fetches may have as many bytes as its body might."""

    settings: Settings
    _left_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self._left_bytes = self.settings.max_predict_bytes

    async def complete(self, images: Sequence[bytes | ImageByUrl]) -> list[tuple[str, bytes]]:
        """Names and files, those of URLs fetched. Raises UrlsAreNotFetched, or what a source is refused for,
        by row."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(row: int, image: bytes | ImageByUrl) -> tuple[str, bytes]:
            if isinstance(image, bytes):
                return f"image {row}", image
            async with slots:
                return image.url, await self._fetch(row, image.url)

        if any(isinstance(image, ImageByUrl) for image in images) and not self.settings.predict_urls:
            raise UrlsAreNotFetched("this installation fetches no images: send them as base64 or as files")
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(row, image)) for row, image in enumerate(images)]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return [task.result() for task in tasks]

    async def _fetch(self, row: int, url: str) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._read(url)
        except OF_A_SOURCE as error:
            problem = Problem(row=row, message=error.detail)
            raise type(error)(error.detail, errors=[problem]) from error
        except (httpx.HTTPError, TimeoutError) as error:
            problem = Problem(row=row, message=str(error) or type(error).__name__)
            raise SourceUnavailable("an image could not be fetched", errors=[problem]) from error

    async def _read(self, url: str) -> bytes:
        hosts = self.settings.predict_url_hosts
        found = bytearray()
        async with get(parsed(url, hosts), {}, hosts) as response:
            if response.status_code != httpx.codes.OK:
                raise SourceNotFound(f"{response.url.host} answered {response.status_code}")
            async for chunk in response.aiter_raw(CHUNK_BYTES):
                self._left_bytes -= len(chunk)
                if self._left_bytes < 0:
                    raise BodyTooLarge(f"fetched are {self.settings.max_predict_bytes} bytes at most")
                found += chunk
        return bytes(found)
