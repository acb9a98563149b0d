"""Uploads: parts straight to the object store, resumed, checked, closed, removed."""

import asyncio
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from libs.common import artifacts
from libs.common.contracts.datasets import CreateDataset
from libs.common.contracts.sources import UploadSource
from libs.common.contracts.uploads import (
    CompleteUpload,
    CreateUpload,
    DeleteUpload,
    GetUpload,
    StoreUpload,
    Upload,
    UploadedPart,
    UploadState,
)
from libs.common.errors import BadInput, Conflict, ModelyardError, NotFound
from libs.common.ids import new_id
from tests.integration.datasets.desk import Desk, put_parts
from tests.integration.datasets.room import RoomProcess

PART = 16 * 2**20
# Three parts, the last one short.
CONTENT = bytes(range(256)) * (2 * PART // 256) + b"the end"


async def _begun(desk: Desk, size_bytes: int = len(CONTENT)) -> Upload:
    return await desk.ask(CreateUpload(filename="data.zip", size_bytes=size_bytes))


async def _put(upload: Upload, number: int, content: bytes) -> UploadedPart:
    (url,) = (part.url for part in upload.parts if part.number == number)
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.put(url, content=content)
    answer.raise_for_status()
    return UploadedPart(number=number, etag=answer.headers["etag"])


async def _refusal(desk: Desk, request: object) -> ModelyardError:
    with pytest.raises(ModelyardError) as refused:
        await desk.ask(request)
    return refused.value


async def test_parts_become_one_object(desk: Desk) -> None:
    upload = await _begun(desk)
    assert ([part.number for part in upload.parts], upload.part_size_bytes) == ([1, 2, 3], PART)

    parts = await put_parts(upload, CONTENT)
    done = await desk.ask(CompleteUpload(upload_id=upload.id, parts=tuple(parts)))

    assert (done.state, done.size_bytes, done.parts) == (UploadState.COMPLETE, len(CONTENT), ())
    assert await desk.house.storage.get_bytes(done.key) == CONTENT
    again = await desk.ask(CompleteUpload(upload_id=upload.id, parts=tuple(parts)))
    assert again == done == await desk.ask(GetUpload(upload_id=upload.id))


async def test_a_client_that_died_is_told_only_what_is_missing(desk: Desk) -> None:
    upload = await _begun(desk)
    await _put(upload, 2, CONTENT[PART : 2 * PART])

    resumed = await desk.ask(GetUpload(upload_id=upload.id))

    assert [part.number for part in resumed.parts] == [1, 3]
    await put_parts(resumed, CONTENT)
    done = await desk.ask(CompleteUpload(upload_id=upload.id))
    assert await desk.house.storage.get_bytes(done.key) == CONTENT


async def test_missing_parts_are_named_and_nothing_is_closed(desk: Desk) -> None:
    upload = await _begun(desk)
    sent = await _put(upload, 1, CONTENT[:PART])

    refused = await _refusal(desk, CompleteUpload(upload_id=upload.id, parts=(sent,)))

    assert isinstance(refused, Conflict) and refused.code == "upload_incomplete"
    assert "among them 2, 3" in refused.detail
    assert (await desk.ask(GetUpload(upload_id=upload.id))).state is UploadState.OPEN


async def test_a_part_that_is_not_what_was_sent_is_refused(desk: Desk) -> None:
    upload = await _begun(desk, 5)
    await _put(upload, 1, b"hello")

    for wrong in (
        UploadedPart(number=1, etag='"0123456789abcdef0123456789abcdef"'),
        UploadedPart(number=7, etag="x"),
    ):
        refused = await _refusal(desk, CompleteUpload(upload_id=upload.id, parts=(wrong,)))
        assert isinstance(refused, BadInput) and refused.code == "upload_differs"
        assert refused.errors[0].field == f"parts.{wrong.number}"


@pytest.mark.parametrize("arrived", [b"hell", b"hello!"])
async def test_a_part_of_another_length_is_refused_before_anything_is_joined(
    desk: Desk, arrived: bytes
) -> None:
    upload = await _begun(desk, 5)
    sent = await _put(upload, 1, arrived)

    refused = await _refusal(desk, CompleteUpload(upload_id=upload.id, parts=(sent,)))

    assert (refused.code, refused.errors[0].field) == ("upload_differs", "parts.1")
    assert f"{len(arrived)} bytes arrived; it has 5" in refused.detail
    assert not await desk.house.storage.exists(upload.key)


async def test_a_room_that_died_after_the_store_joined_the_parts_says_complete(desk: Desk) -> None:
    upload = await _begun(desk, 5)
    sent = await _put(upload, 1, b"hello")
    await desk.house.storage.complete_multipart(
        upload.key, await _multipart(desk, upload.id), [(1, sent.etag.strip('"'))]
    )

    done = await desk.ask(CompleteUpload(upload_id=upload.id, parts=(sent,)))

    assert (done.state, done.size_bytes) == (UploadState.COMPLETE, 5)
    assert (await desk.ask(GetUpload(upload_id=upload.id))).state is UploadState.COMPLETE


async def test_parts_that_the_store_lost_are_asked_for_again(desk: Desk) -> None:
    upload = await _begun(desk, 5)
    await _put(upload, 1, b"hello")
    await desk.house.storage.abort_multipart(upload.key, await _multipart(desk, upload.id))

    resumed = await desk.ask(GetUpload(upload_id=upload.id))

    assert [part.number for part in resumed.parts] == [1]
    await put_parts(resumed, b"hello")
    assert (await desk.ask(CompleteUpload(upload_id=upload.id))).state is UploadState.COMPLETE


@pytest.mark.parametrize("announced", [0, 5])
async def test_content_streamed_by_the_gateway_is_closed_with_its_real_size(
    desk: Desk, announced: int
) -> None:
    upload = await _begun(desk, announced)
    assert (await _refusal(desk, StoreUpload(upload_id=upload.id))).code == "upload_incomplete"
    await desk.house.storage.put_bytes(upload.key, b"hello")

    done = await desk.ask(StoreUpload(upload_id=upload.id))

    assert (done.state, done.size_bytes) == (UploadState.COMPLETE, 5)
    assert await desk.house.storage.get_bytes(upload.key) == b"hello"
    assert (await _refusal(desk, StoreUpload(upload_id=upload.id))).code == "upload_complete"


async def test_content_of_another_size_than_announced_is_refused(desk: Desk) -> None:
    upload = await _begun(desk, 5)
    await desk.house.storage.put_bytes(upload.key, b"hello!")

    refused = await _refusal(desk, StoreUpload(upload_id=upload.id))

    assert refused.code == "upload_differs"
    assert "6 bytes arrived; 5 were announced" in refused.detail


async def test_a_deleted_upload_leaves_nothing(desk: Desk) -> None:
    opened, closed = await _begun(desk, 5), await desk.upload(b"hello")
    await _put(opened, 1, b"hello")
    multipart = await _multipart(desk, opened.id)

    for upload in (opened, closed):
        await desk.ask(DeleteUpload(upload_id=upload.id))
        assert (await _refusal(desk, GetUpload(upload_id=upload.id))).code == "upload_not_found"
        await desk.until_removed(upload.key)

    with pytest.raises(NotFound):
        await desk.house.storage.list_parts(opened.key, multipart)


async def test_expired_uploads_are_unknown_at_once_and_swept_with_their_bytes(
    desk: Desk, room: RoomProcess
) -> None:
    opened, closed, lost = await _begun(desk, 5), await desk.upload(b"hello"), await _begun(desk, 5)
    multipart = await _multipart(desk, opened.id)
    await desk.house.storage.abort_multipart(lost.key, await _multipart(desk, lost.id))

    for upload in (opened, closed, lost):
        await _expire(desk, upload.id)
        assert (await _refusal(desk, GetUpload(upload_id=upload.id))).code == "upload_not_found"

    async with asyncio.timeout(10):
        while await _num_left(desk, opened, closed, lost):
            await asyncio.sleep(0.05)
    await desk.until_removed(artifacts.upload(closed.id))
    with pytest.raises(NotFound):
        await desk.house.storage.list_parts(opened.key, multipart)
    assert room.is_running


async def test_only_a_complete_upload_can_be_imported(desk: Desk) -> None:
    project, upload = await desk.project(), await _begun(desk, 5)

    def wanted(upload_id: UUID) -> CreateDataset:
        return CreateDataset(project_id=project.id, name="d", source=UploadSource(upload_id=upload_id))

    refused = await _refusal(desk, wanted(upload.id))
    assert (refused.code, refused.errors[0].field) == ("upload_incomplete", "source.upload_id")
    assert (await _refusal(desk, wanted(new_id()))).code == "upload_not_found"


async def _multipart(desk: Desk, upload_id: UUID) -> str:
    """The store's own id of it."""
    async with desk.house.database.transaction() as session:
        return await session.scalar(
            text("SELECT multipart FROM datasets.uploads WHERE id = :id"), {"id": upload_id}
        )


async def _expire(desk: Desk, upload_id: UUID) -> None:
    async with desk.house.database.transaction() as session:
        await session.execute(
            text("UPDATE datasets.uploads SET expires_at = now() WHERE id = :id"), {"id": upload_id}
        )


async def _num_left(desk: Desk, *uploads: Upload) -> int:
    async with desk.house.database.transaction() as session:
        statement = text("SELECT count(*) FROM datasets.uploads WHERE id = ANY(:ids)")
        return await session.scalar(statement, {"ids": [upload.id for upload in uploads]}) or 0
