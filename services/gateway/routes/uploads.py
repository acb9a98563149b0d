"""Uploads over HTTP: presigned parts for large files, a stream through the gateway for small ones."""

import asyncio
import os
from contextlib import suppress
from typing import BinaryIO
from uuid import UUID

from fastapi import APIRouter, Request

from libs.common.contracts.base import View
from libs.common.contracts.uploads import (
    CompleteUpload,
    CreateUpload,
    DeleteUpload,
    FileName,
    GetUpload,
    StoreUpload,
    Upload,
    UploadedPart,
    UploadSize,
)
from services.gateway.access import EDIT, READ, Signed
from services.gateway.doors import Doors, House
from services.gateway.idempotency import IdempotentRoute

router = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=IdempotentRoute)


class NewUpload(View):
    filename: FileName
    size_bytes: UploadSize


class Parts(View):
    parts: tuple[UploadedPart, ...] = ()


@router.post("", status_code=201, dependencies=[EDIT])
async def create_upload(upload: NewUpload, house: House, caller: Signed) -> Upload:
    return await house.ask(CreateUpload(**dict(upload), made_by=caller.user_id))


@router.get("/{upload_id}", dependencies=[READ])
async def get_upload(upload_id: UUID, house: House) -> Upload:
    """With fresh URLs for the parts that are still missing."""
    return await house.ask(GetUpload(upload_id=upload_id), timeout_seconds=60)


@router.put("/{upload_id}/content", dependencies=[EDIT])
async def store_content(upload_id: UUID, request: Request, house: House) -> Upload:
    """The whole content as the request's body, streamed to the object store as it arrives."""
    upload = await house.ask(GetUpload(upload_id=upload_id))
    await _pipe_to_store(request, house, upload)
    return await house.ask(StoreUpload(upload_id=upload_id))


@router.post("/{upload_id}/complete", dependencies=[EDIT])
async def complete_upload(upload_id: UUID, body: Parts, house: House) -> Upload:
    # A store that joins thousands of parts takes its time.
    return await house.ask(CompleteUpload(upload_id=upload_id, parts=body.parts), timeout_seconds=300)


@router.delete("/{upload_id}", status_code=204, dependencies=[EDIT])
async def delete_upload(upload_id: UUID, house: House) -> None:
    await house.ask(DeleteUpload(upload_id=upload_id))


async def _pipe_to_store(request: Request, house: Doors, upload: Upload) -> None:
    # The store's client reads from a blocking file: an OS pipe joins it to the async body with back-pressure.
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb", buffering=0) as writer:
        storing = asyncio.create_task(house.storage.put_stream(upload.key, reader))
        # A store that gives up reads no more; only then closed, its end makes a waiting write fail, not hang.
        storing.add_done_callback(lambda _: reader.close())
        try:
            # To the end even if the store gave up: many clients hear an early answer as a broken line only.
            async for chunk in request.stream():
                if not storing.done():
                    with suppress(BrokenPipeError):
                        await asyncio.to_thread(_write_all, writer, chunk)
            writer.close()
            await storing
        finally:
            writer.close()
            storing.cancel()


def _write_all(writer: BinaryIO, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[writer.write(view) :]
