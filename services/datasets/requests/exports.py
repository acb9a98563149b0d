"""Datasets as files of a format."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Page
from libs.common.contracts.dataset_exports import (
    CreateDatasetExport,
    DatasetExport,
    DownloadDatasetExport,
    GetDatasetExport,
    ListDatasetExports,
)
from libs.common.contracts.exports import Download
from services.datasets.service import Service

door = RequestDoor()


@door.answers
async def create_export(request: CreateDatasetExport, service: Service) -> DatasetExport:
    return await service.exports.create(request)


@door.answers
async def get_export(request: GetDatasetExport, service: Service) -> DatasetExport:
    return await service.exports.get(request.dataset_id, request.export_id, request.query)


@door.answers
async def list_exports(request: ListDatasetExports, service: Service) -> Page[DatasetExport]:
    return await service.exports.list_exports(request.dataset_id, request.query)


@door.answers
async def download_export(request: DownloadDatasetExport, service: Service) -> Download:
    return await service.exports.download(request.dataset_id, request.export_id)
