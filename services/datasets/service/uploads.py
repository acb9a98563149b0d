"""Uploads: parts that go straight to the object store, resumed where they stopped, removed when unused."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.base import now
from libs.common.contracts.uploads import CreateUpload, Upload, UploadedPart, UploadPart, UploadState
from libs.common.errors import Problem
from libs.common.ids import new_id
from libs.common.storage import ObjectNotFound, Storage
from libs.common.trash import Trash
from services.datasets.errors import UploadDiffers, UploadIsComplete, UploadIsIncomplete, UploadNotFound
from services.datasets.models import UploadRow
from services.datasets.repository.uploads import UploadRepository

PART_BYTES = 16 * 2**20
MOST_PARTS = 10_000
MIB = 2**20


@dataclass(frozen=True)
class Arrived:
    """A part as the store has it."""

    etag: str
    size_bytes: int


class Uploads:
    def __init__(
        self, repository: UploadRepository, trash: Trash, storage: Storage, lifetime: timedelta
    ) -> None:
        self._repository = repository
        self._trash = trash
        self._storage = storage
        self._lifetime = lifetime

    async def create(self, wanted: CreateUpload) -> Upload:
        """Of 0 bytes: the size is not known, and the content comes through the gateway."""
        row = UploadRow(
            id=new_id(),
            filename=wanted.filename,
            size_bytes=wanted.size_bytes,
            part_size_bytes=part_size(wanted.size_bytes),
            made_by=wanted.made_by,
            expires_at=now() + self._lifetime,
        )
        if row.size_bytes:
            row.multipart = await self._storage.begin_multipart(artifacts.upload(row.id))
        await self._repository.add(row)
        return self._view(row, _numbers(row))

    async def get(self, upload_id: UUID) -> Upload:
        """With URLs for the parts that are still missing."""
        row = await self._existing(upload_id)
        arrived = await self._arrived(row)
        return self._view(row, [number for number in _numbers(row) if number not in arrived])

    async def has(self, upload_id: UUID) -> bool:
        return await self._repository.filename(upload_id) is not None

    async def complete(self, upload_id: UUID, parts: tuple[UploadedPart, ...]) -> Upload:
        """Asked again it changes nothing. The store knows what arrived, `parts` says what was sent."""
        row = await self._existing(upload_id)
        arrived = await self._arrived(row)
        if row.state == UploadState.COMPLETE:
            return self._view(row, [])
        _compare(row, arrived, parts)
        if row.multipart is not None:
            await self._storage.complete_multipart(
                artifacts.upload(row.id),
                row.multipart,
                [(part, arrived[part].etag) for part in _numbers(row)],
            )
        return await self._close(row)

    async def store(self, upload_id: UUID) -> Upload:
        """The gateway put the whole content under the upload's key."""
        row = await self._existing(upload_id)
        if row.state == UploadState.COMPLETE:
            raise UploadIsComplete(f"upload {upload_id} has its content already")
        view = await self._close(row)
        await self._abort(row)
        return view

    async def delete(self, upload_id: UUID) -> None:
        await self._remove(await self._existing(upload_id))

    async def remove_expired(self, limit: int = 100) -> int:
        expired = await self._repository.expired(limit)
        for row in expired:
            await self._remove(row)
        return len(expired)

    async def completed(self, upload_id: UUID) -> UploadRow:
        """For who wants to import it; it stays for its whole lifetime from now on."""
        row = await self._existing(upload_id)
        if row.state != UploadState.COMPLETE:
            problem = Problem(field="source.upload_id", message="parts of it have not arrived")
            raise UploadIsIncomplete(f"upload {upload_id} is not complete", errors=[problem])
        row.expires_at = now() + self._lifetime
        return row

    async def _close(self, row: UploadRow) -> Upload:
        try:
            stored = await self._storage.stat(artifacts.upload(row.id))
        except ObjectNotFound as error:
            raise UploadIsIncomplete("the content did not reach the object store") from error
        if row.size_bytes and stored.size_bytes != row.size_bytes:
            raise UploadDiffers(f"{stored.size_bytes} bytes arrived; {row.size_bytes} were announced")
        row.size_bytes, row.state = stored.size_bytes, UploadState.COMPLETE.value
        return self._view(row, [])

    async def _arrived(self, row: UploadRow) -> dict[int, Arrived]:
        if row.multipart is None or row.state == UploadState.COMPLETE:
            return {}
        key = artifacts.upload(row.id)
        try:
            found = await self._storage.list_parts(key, row.multipart)
        except ObjectNotFound:
            await self._recover(row)
            return {}
        return {number: Arrived(etag.strip('"'), size_bytes) for number, (etag, size_bytes) in found.items()}

    async def _recover(self, row: UploadRow) -> None:
        """The store joined the parts and this room died before it said so, or the store lost them."""
        key = artifacts.upload(row.id)
        if await self._storage.exists(key):
            await self._close(row)
        else:
            row.multipart = await self._storage.begin_multipart(key)

    async def _abort(self, row: UploadRow) -> None:
        if row.multipart is not None:
            with suppress(ObjectNotFound):
                await self._storage.abort_multipart(artifacts.upload(row.id), row.multipart)
            row.multipart = None

    async def _remove(self, row: UploadRow) -> None:
        if row.state == UploadState.OPEN:
            await self._abort(row)
        await self._trash.add(artifacts.upload(row.id))
        await self._repository.delete(row)

    async def _existing(self, upload_id: UUID) -> UploadRow:
        row = await self._repository.get(upload_id)
        if row is None:
            raise UploadNotFound(f"upload {upload_id} does not exist, or its time is over")
        return row

    def _view(self, row: UploadRow, missing: list[int]) -> Upload:
        key = artifacts.upload(row.id)
        urls = [
            UploadPart(number=number, url=self._storage.presign_part(key, row.multipart, number))
            for number in missing
            if row.multipart is not None
        ]
        return Upload(
            id=row.id,
            filename=row.filename,
            size_bytes=row.size_bytes,
            state=UploadState(row.state),
            key=key,
            part_size_bytes=row.part_size_bytes,
            parts=tuple(urls),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )


def part_size(size_bytes: int) -> int:
    """Whole mebibytes, so many that the store's limit of parts suffices."""
    least = -(-size_bytes // MOST_PARTS)
    return max(PART_BYTES, -(-least // MIB) * MIB)


def _numbers(row: UploadRow) -> list[int]:
    if row.state == UploadState.COMPLETE:
        return []
    return list(range(1, -(-row.size_bytes // row.part_size_bytes) + 1))


def _part_bytes(row: UploadRow, number: int) -> int:
    """How long it has to be."""
    return min(row.part_size_bytes, row.size_bytes - (number - 1) * row.part_size_bytes)


def _compare(row: UploadRow, arrived: dict[int, Arrived], parts: tuple[UploadedPart, ...]) -> None:
    """Before the store joins them: afterwards nothing can be mended."""
    if missing := [number for number in _numbers(row) if number not in arrived]:
        shown = ", ".join(map(str, missing[:10]))
        raise UploadIsIncomplete(f"{len(missing)} parts are missing, among them {shown}")
    for number in _numbers(row):
        if arrived[number].size_bytes != _part_bytes(row, number):
            message = f"{arrived[number].size_bytes} bytes arrived; it has {_part_bytes(row, number)}"
            raise _differs(number, message)
    for part in parts:
        if part.number not in arrived or arrived[part.number].etag != part.etag.strip('"'):
            raise _differs(part.number, "the store holds other bytes")


def _differs(number: int, message: str) -> UploadDiffers:
    problem = Problem(field=f"parts.{number}", message=message)
    return UploadDiffers(f"part {number} is not what was announced: {message}", errors=[problem])
