"""Datasets: their life, and what their imports read and found."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.datasets import (
    AddSamples,
    CreateDataset,
    Dataset,
    DeleteDataset,
    GetDataset,
    ListDatasets,
    PrepareDataset,
    UpdateDataset,
)
from libs.common.contracts.imports import (
    DetectDataset,
    Detection,
    FormatDescription,
    GetDetection,
    GetImportReport,
    ImportReport,
    ListFormats,
)
from services.datasets.formats import registry
from services.datasets.service import Service

door = RequestDoor()


@door.answers
async def create_dataset(request: CreateDataset, service: Service) -> Dataset:
    return await service.datasets.create(request)


@door.answers
async def get_dataset(request: GetDataset, service: Service) -> Dataset:
    return await service.datasets.get(request.dataset_id)


@door.answers
async def list_datasets(request: ListDatasets, service: Service) -> Page[Dataset]:
    return await service.datasets.list_datasets(request.project_id, request.query)


@door.answers
async def update_dataset(request: UpdateDataset, service: Service) -> Dataset:
    return await service.datasets.rename(request.dataset_id, request.name)


@door.answers
async def delete_dataset(request: DeleteDataset, service: Service) -> Gone:
    await service.datasets.delete(request.dataset_id)
    return Gone(id=str(request.dataset_id))


@door.answers
async def prepare_dataset(request: PrepareDataset, service: Service) -> Dataset:
    return await service.datasets.prepare(request)


@door.answers
async def add_samples(request: AddSamples, service: Service) -> Dataset:
    return await service.datasets.extend(request)


@door.answers
async def list_formats(_: ListFormats, __: Service) -> Page[FormatDescription]:
    return Page(items=registry.describe())


@door.answers
async def detect_dataset(request: DetectDataset, service: Service) -> Detection:
    return await service.detections.create(request)


@door.answers
async def get_detection(request: GetDetection, service: Service) -> Detection:
    return await service.detections.get(request.detection_id, request.query)


@door.answers
async def get_report(request: GetImportReport, service: Service) -> ImportReport:
    return await service.imports.report(request.dataset_id, request.report_id, request.query)
