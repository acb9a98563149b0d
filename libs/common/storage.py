"""The object store: an async face over the `minio` client, which works against any S3.

Objects are immutable: a key is written once (or again with the same bytes), never changed in place.
Errors: `ObjectNotFound` (404), `StorageUnavailable` (503, retryable).
"""

import asyncio
import functools
import io
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.datatypes import Part
from minio.error import InvalidResponseError, MinioException, S3Error
from minio.helpers import DictType

from libs.common.errors import NotFound, Unavailable
from libs.common.settings import StorageSettings

PART_SIZE_BYTES = 16 * 2**20
# Of files, whose length is known: the smallest that S3 takes, mostly 5 MiB. The client holds two of each.
SMALLEST_PARTS = 0
# Of one object: the client would hold each of them in memory, in threads that begin anew for every object.
PARTS_AT_ONCE = 1
URL_LIFETIME = timedelta(hours=1)

P = ParamSpec("P")
T = TypeVar("T")


class ObjectNotFound(NotFound):
    """404: no object under the key, or fewer bytes than were asked for."""

    code, title = "object_not_found", "The stored bytes are not there"


class StorageUnavailable(Unavailable):
    """503, worth another try: away, or it answers with an error of its own."""

    code, title = "storage_unavailable", "The object store does not answer"


@dataclass(frozen=True)
class StoredObject:
    """What the store says of an object; the etag is the MD5 of its bytes only where it came in one part."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime | None


class Storage:
    """One bucket. Every call runs in a thread of its own pool, so a slow store never stops the event loop."""

    def __init__(self, settings: StorageSettings, *, num_threads: int = 16) -> None:
        self.bucket = settings.bucket
        self._client = _client(settings, settings.endpoint)
        public = settings.public_endpoint
        self._signer = _client(settings, public) if public else self._client
        self._threads = ThreadPoolExecutor(num_threads, thread_name_prefix="storage")

    async def ensure_bucket(self) -> None:
        """Makes the bucket where it is missing; raises StorageUnavailable."""
        if not await self._call(self._client.bucket_exists, self.bucket):
            await self._call(self._client.make_bucket, self.bucket)

    async def put_bytes(self, key: str, data: bytes, media_type: str = "application/octet-stream") -> None:
        """Whole or not at all; what lay under the key is replaced. Raises StorageUnavailable."""
        await self._call(self._client.put_object, self.bucket, key, io.BytesIO(data), len(data), media_type)

    async def put_file(self, key: str, path: Path, media_type: str = "application/octet-stream") -> None:
        """Whole or not at all; memory stays at two small parts. Raises StorageUnavailable."""
        await self._call(
            self._client.fput_object,
            self.bucket,
            key,
            str(path),
            media_type,
            part_size=SMALLEST_PARTS,
            num_parallel_uploads=PARTS_AT_ONCE,
        )

    async def put_stream(self, key: str, stream: BinaryIO, size_bytes: int = -1) -> None:
        """Reads `stream` (blocking) to its end in parts; memory stays at one. Raises StorageUnavailable."""
        await self._call(
            self._client.put_object,
            self.bucket,
            key,
            stream,
            size_bytes,
            part_size=PART_SIZE_BYTES,
            num_parallel_uploads=PARTS_AT_ONCE,
        )

    async def get_bytes(self, key: str, *, offset: int = 0, size_bytes: int = 0) -> bytes:
        """The object, or `size_bytes` of it from `offset`; 0 means to the end. Raises ObjectNotFound."""
        return await self._call(self._read, key, offset, size_bytes)

    async def get_file(self, key: str, path: Path, on_bytes: Callable[[int], None] | None = None) -> None:
        """Downloads beside `path` first and moves into place, so a file that exists is whole.

        `on_bytes` hears in another thread how many more have come; what it raises ends the download.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        progress = _Progress(on_bytes) if on_bytes else None
        await self._call(self._client.fget_object, self.bucket, key, str(path), progress=progress)

    async def stat(self, key: str) -> StoredObject:
        """Raises ObjectNotFound."""
        found = await self._call(self._client.stat_object, self.bucket, key)
        return StoredObject(key, found.size or 0, (found.etag or "").strip('"'), found.last_modified)

    async def exists(self, key: str) -> bool:
        """Raises StorageUnavailable: whether it is there cannot be told then."""
        try:
            await self.stat(key)
        except ObjectNotFound:
            return False
        return True

    async def list_objects(self, prefix: str, limit: int | None = None) -> list[StoredObject]:
        """All of them, or the first `limit`."""
        return await self._call(self._list_below, prefix, limit)

    async def remove(self, keys: Sequence[str]) -> None:
        """Removing what is not there is no error."""
        for key in keys:
            await self._call(self._client.remove_object, self.bucket, key)

    async def remove_prefix(self, prefix: str) -> None:
        """All that lies there as this begins; a key is a prefix, too."""
        await self.remove([found.key for found in await self.list_objects(prefix)])

    async def copy(self, source: str, target: str) -> None:
        """Copied by the store itself; no bytes pass through here."""
        await self._call(self._copy, source, target)

    def presign_get(
        self, key: str, *, filename: str | None = None, lifetime: timedelta = URL_LIFETIME
    ) -> str:
        """A URL that reads the object without credentials, for a time; the store itself is not asked."""
        headers: DictType = {}
        if filename:
            headers["response-content-disposition"] = f'attachment; filename="{filename}"'
        return self._signer.presigned_get_object(self.bucket, key, lifetime, response_headers=headers)

    def presign_put(self, key: str, *, lifetime: timedelta = URL_LIFETIME) -> str:
        """A URL that writes this object without credentials, for a time."""
        return self._signer.presigned_put_object(self.bucket, key, lifetime)

    async def begin_multipart(self, key: str) -> str:
        """The store's upload id; parts go to `presign_part` URLs, then `complete_multipart`."""
        # minio keeps these calls private and has no other way to presign parts.
        return await self._call(self._client._create_multipart_upload, self.bucket, key, {})

    def presign_part(
        self, key: str, upload_id: str, number: int, *, lifetime: timedelta = timedelta(hours=12)
    ) -> str:
        """A URL that takes part `number` (from 1; all but the last of 5 MiB at least) by PUT."""
        query: DictType = {"partNumber": str(number), "uploadId": upload_id}
        return self._signer.get_presigned_url("PUT", self.bucket, key, lifetime, extra_query_params=query)

    async def list_parts(self, key: str, upload_id: str) -> dict[int, tuple[str, int]]:
        """Parts that arrived: number → (etag, bytes)."""
        return await self._call(self._all_parts, key, upload_id)

    async def complete_multipart(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """`parts`: (number, etag), in any order. Raises ObjectNotFound where the upload has ended already."""
        listed = [Part(number, etag) for number, etag in sorted(parts)]
        await self._call(self._client._complete_multipart_upload, self.bucket, key, upload_id, listed)

    async def abort_multipart(self, key: str, upload_id: str) -> None:
        """Frees the parts. Raises ObjectNotFound where the upload has ended already."""
        await self._call(self._client._abort_multipart_upload, self.bucket, key, upload_id)

    async def stream(
        self, key: str, offset: int, size_bytes: int, chunk_bytes: int = 2**20
    ) -> AsyncIterator[bytes]:
        """A byte range in chunks. Raises ObjectNotFound where the object is shorter."""
        end = offset + size_bytes
        while offset < end:
            wanted = min(chunk_bytes, end - offset)
            chunk = await self.get_bytes(key, offset=offset, size_bytes=wanted)
            if len(chunk) < wanted:
                raise ObjectNotFound(f"{key} ends before byte {end}")
            offset += len(chunk)
            yield chunk

    def close(self) -> None:
        """What has begun goes on in its thread; what waits is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _read(self, key: str, offset: int, size_bytes: int) -> bytes:
        response = self._client.get_object(self.bucket, key, offset=offset, length=size_bytes)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def _all_parts(self, key: str, upload_id: str) -> dict[int, tuple[str, int]]:
        """The store lists a thousand at a time."""
        parts: dict[int, tuple[str, int]] = {}
        while True:
            after = str(max(parts, default=0))
            found = self._client._list_parts(self.bucket, key, upload_id, part_number_marker=after)
            parts |= {part.part_number: (part.etag, part.size or 0) for part in found.parts}
            if not found.is_truncated:
                return parts

    def _list_below(self, prefix: str, limit: int | None) -> list[StoredObject]:
        listing = self._client.list_objects(self.bucket, prefix=prefix, recursive=True)
        return [
            StoredObject(
                found.object_name or "", found.size or 0, (found.etag or "").strip('"'), found.last_modified
            )
            for found in itertools.islice(listing, limit)
        ]

    def _copy(self, source: str, target: str) -> None:
        self._client.copy_object(self.bucket, target, CopySource(self.bucket, source))

    async def _call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, functools.partial(function, *args, **kwargs))
        except S3Error as error:
            if error.code in ("NoSuchKey", "NoSuchBucket", "NoSuchUpload", "InvalidRange"):
                raise ObjectNotFound(f"nothing is stored under {error.object_name or 'this key'}") from error
            raise StorageUnavailable(f"the object store answered {error.code}") from error
        except InvalidResponseError as error:
            # Some stores spell their errors in a type that the client does not read; the status remains.
            if error._code in (HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
                raise ObjectNotFound("nothing is stored under this key, or not so much") from error
            raise StorageUnavailable(f"the object store answered {error._code}") from error
        except MinioException as error:
            raise StorageUnavailable("the object store answered what is no answer of S3") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StorageUnavailable("the object store cannot be reached") from error


class _Progress:
    """In the words of the minio client."""

    def __init__(self, on_bytes: Callable[[int], None]) -> None:
        self._on_bytes = on_bytes

    def set_meta(self, object_name: str, total_length: int) -> None:
        pass

    def update(self, length: int) -> None:
        self._on_bytes(length)


def _client(settings: StorageSettings, endpoint: str) -> Minio:
    pool = urllib3.PoolManager(
        num_pools=4,
        maxsize=32,
        timeout=urllib3.Timeout(connect=3, read=60),
        retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
    )
    return Minio(
        endpoint,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=settings.secure,
        region=settings.region,
        http_client=pool,
    )
