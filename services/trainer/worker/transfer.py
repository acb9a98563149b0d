"""Bytes in and out of the object store by presigned URLs: the lease is the permission, no key is held."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal

import httpx

from libs.common.bus import Bus
from libs.common.contracts.attempts import SignAccess
from libs.common.contracts.jobs import Lease
from libs.common.storage import ObjectNotFound, StorageUnavailable

CHUNK_BYTES = 2**20


class Transfer:
    """Raises ObjectNotFound, StorageUnavailable (worth another try), or StaleLease."""

    def __init__(self, bus: Bus, store: httpx.AsyncClient, lease: Lease) -> None:
        self._bus = bus
        self._store = store
        self._lease = lease

    async def fetch(self, key: str, path: Path) -> None:
        url = (await self._sign("read", [key]))[key]
        try:
            async with self._store.stream("GET", url) as response:
                _require_success(response, key)
                with path.open("wb") as file:
                    async for chunk in response.aiter_raw(CHUNK_BYTES):
                        file.write(chunk)
        except httpx.HTTPError as error:
            raise StorageUnavailable(f"the object store broke off: {type(error).__name__}") from error

    async def store(self, files: Mapping[str, Path]) -> None:
        """Each file under its key; a key written before is written again with the same bytes."""
        urls = await self._sign("write", list(files))
        for key, path in files.items():
            await self._put(key, urls[key], path)

    async def _put(self, key: str, url: str, path: Path) -> None:
        size_bytes = await asyncio.to_thread(lambda: path.stat().st_size)
        headers = {"Content-Length": str(size_bytes)}
        try:
            _require_success(await self._store.put(url, content=_chunks(path), headers=headers), key)
        except httpx.HTTPError as error:
            raise StorageUnavailable(f"the object store broke off: {type(error).__name__}") from error

    async def _sign(self, access: Literal["read", "write"], keys: list[str]) -> dict[str, str]:
        request = SignAccess(
            job_id=self._lease.job_id, token=self._lease.token, access=access, keys=tuple(keys)
        )
        return {signed.key: signed.url for signed in await self._bus.ask(request)}


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _require_success(response: httpx.Response, key: str) -> None:
    if response.status_code == httpx.codes.NOT_FOUND:
        raise ObjectNotFound(f"nothing is stored under {key}")
    if not response.is_success:
        raise StorageUnavailable(f"the object store answered {response.status_code}")
