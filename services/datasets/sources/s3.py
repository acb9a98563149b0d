"""What lies under a prefix of a bucket that the operator allows, brought side by side."""

import asyncio
import posixpath
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from libs.common.contracts.sources import S3Source
from libs.common.room import Resources
from libs.common.settings import StorageSettings
from libs.common.storage import ObjectNotFound, Storage, StorageUnavailable, StoredObject
from services.datasets.errors import SourceIsMalformed, SourceIsNotAllowed, SourceNotFound, SourceUnavailable
from services.datasets.files import leads_out
from services.datasets.settings import ImportS3, Settings
from services.datasets.sources.limits import check_count, check_disk, check_size, full_disk_named
from services.datasets.sources.meter import Meter
from services.datasets.sources.origin import Fetched, Progress

DOWNLOADS_AT_ONCE = 8


class FromS3:
    async def check(self, source: S3Source, settings: Settings) -> None:
        _check(source, settings)

    async def is_there(self, source: S3Source, resources: Resources[Settings]) -> bool:
        try:
            async with _bucket(source, resources.settings) as bucket:
                if await _is_object(bucket, source.prefix):
                    return True
                return bool(await bucket.list_objects(_folder(source.prefix), limit=1))
        except (SourceIsNotAllowed, SourceIsMalformed, SourceNotFound):
            return False

    async def fetch(
        self, source: S3Source, folder: Path, resources: Resources[Settings], progress: Progress
    ) -> Fetched:
        settings = resources.settings
        async with _bucket(source, settings) as bucket:
            if await _is_object(bucket, source.prefix):
                target = folder / "object"
                found = {target: await bucket.stat(source.prefix)}
            else:
                target = folder / "files"
                found = await _below(bucket, _folder(source.prefix), target, settings)
            size_bytes = sum(each.size_bytes for each in found.values())
            check_size(size_bytes, settings.archive)
            check_disk(folder, size_bytes)
            await _download(bucket, found, folder / "parts", Meter(size_bytes, progress))
        return Fetched(target, posixpath.basename(source.prefix.rstrip("/")) or source.bucket)


def _check(source: S3Source, settings: Settings) -> None:
    allowed = settings.import_s3
    if not allowed.endpoint or not allowed.buckets:
        raise SourceIsNotAllowed(
            "S3 is off: the operator sets MODELYARD_IMPORT_S3__ENDPOINT, MODELYARD_IMPORT_S3__ACCESS_KEY, "
            "MODELYARD_IMPORT_S3__SECRET_KEY and MODELYARD_IMPORT_S3__BUCKETS"
        )
    if source.bucket == settings.storage.bucket:
        raise SourceIsNotAllowed(f"bucket {source.bucket} is that of Modelyard itself")
    if source.bucket not in allowed.buckets:
        shown = ", ".join(allowed.buckets)
        raise SourceIsNotAllowed(f"bucket {source.bucket} is not one that the operator allows: {shown}")
    if source.prefix and _is_odd(source.prefix.removesuffix("/")):
        raise SourceIsMalformed(f"{source.prefix!r} is no prefix: no part of it may be empty, '.' or '..'")


@asynccontextmanager
async def _bucket(source: S3Source, settings: Settings) -> AsyncIterator[Storage]:
    """A client for it alone; what its server says gets the words of a source."""
    _check(source, settings)
    storage = Storage(_storage_settings(settings.import_s3, source.bucket), num_threads=DOWNLOADS_AT_ONCE)
    try:
        with full_disk_named():
            yield storage
    except ObjectNotFound as error:
        raise SourceNotFound(f"bucket {source.bucket} has nothing there: {error.detail}") from error
    except StorageUnavailable as error:
        raise SourceUnavailable(f"bucket {source.bucket}: {error.detail}") from error
    finally:
        storage.close()


def _storage_settings(allowed: ImportS3, bucket: str) -> StorageSettings:
    return StorageSettings(
        endpoint=allowed.endpoint,
        access_key=allowed.access_key,
        secret_key=allowed.secret_key,
        bucket=bucket,
        secure=allowed.secure,
        region=allowed.region,
    )


async def _is_object(bucket: Storage, key: str) -> bool:
    return bool(key) and not key.endswith("/") and await bucket.exists(key)


def _folder(prefix: str) -> str:
    """A prefix is a folder: `cats` does not mean `cats2/1.png`."""
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


async def _below(bucket: Storage, prefix: str, target: Path, settings: Settings) -> dict[Path, StoredObject]:
    found = await bucket.list_objects(prefix, limit=settings.archive.max_entries + 1)
    check_count(len(found), settings.archive)
    if not found:
        raise SourceNotFound(f"bucket {bucket.bucket} has no object below {prefix!r}")
    return await asyncio.to_thread(_placed, found, prefix, target)


def _placed(found: list[StoredObject], prefix: str, target: Path) -> dict[Path, StoredObject]:
    """Where each object is to lie; what stands for a folder becomes one."""
    placed: dict[Path, StoredObject] = {}
    for each in found:
        path = target / _relative(each.key, prefix)
        if each.key.endswith("/"):
            with _named(each):
                path.mkdir(parents=True, exist_ok=True)
        else:
            placed[path] = each
    return placed


def _relative(key: str, prefix: str) -> str:
    relative = key.removeprefix(prefix).removesuffix("/")
    if not key.startswith(prefix) or (relative and _is_odd(relative)):
        raise SourceIsMalformed(f"object {key!r} cannot become a file: its name leads elsewhere")
    return relative


def _is_odd(path: str) -> bool:
    return leads_out(path) or any(part in ("", ".", "..") for part in path.split("/"))


async def _download(bucket: Storage, found: dict[Path, StoredObject], parts: Path, meter: Meter) -> None:
    """A few at a time; the first that fails ends the others."""
    waiting = iter(found.items())
    try:
        async with meter.telling(), asyncio.TaskGroup() as group:
            for number in range(DOWNLOADS_AT_ONCE):
                group.create_task(_take_turns(bucket, waiting, parts / str(number), meter))
    except ExceptionGroup as failures:
        first = failures.exceptions[0]
        raise first from first.__cause__


async def _take_turns(
    bucket: Storage, waiting: Iterator[tuple[Path, StoredObject]], part: Path, meter: Meter
) -> None:
    """Under a short name first: the client lengthens it, and long names are allowed."""
    for path, stored in waiting:
        await bucket.get_file(stored.key, part, meter.add)
        await asyncio.to_thread(_move, part, path, stored)


def _move(part: Path, path: Path, stored: StoredObject) -> None:
    with _named(stored):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)


@contextmanager
def _named(stored: StoredObject) -> Iterator[None]:
    """An object may be named as no file can be: too long, or below another object."""
    try:
        with full_disk_named():
            yield
    except OSError as error:
        raise SourceIsMalformed(f"object {stored.key!r} cannot become a file: {error.strerror}") from error
