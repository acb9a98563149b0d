"""Uploads."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone
from libs.common.contracts.uploads import (
    CompleteUpload,
    CreateUpload,
    DeleteUpload,
    GetUpload,
    StoreUpload,
    Upload,
)
from services.datasets.service import Service

door = RequestDoor()


@door.answers
async def create_upload(request: CreateUpload, service: Service) -> Upload:
    return await service.uploads.create(request)


@door.answers
async def get_upload(request: GetUpload, service: Service) -> Upload:
    return await service.uploads.get(request.upload_id)


@door.answers
async def complete_upload(request: CompleteUpload, service: Service) -> Upload:
    return await service.uploads.complete(request.upload_id, request.parts)


@door.answers
async def store_upload(request: StoreUpload, service: Service) -> Upload:
    return await service.uploads.store(request.upload_id)


@door.answers
async def delete_upload(request: DeleteUpload, service: Service) -> Gone:
    await service.uploads.delete(request.upload_id)
    return Gone(id=str(request.upload_id))
