"""Datasets over HTTP: registered, looked at, imported, added to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from libs.common.contracts.base import Name, Page, PageQuery, View
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
    FormatName,
    FormatOptions,
    GetDetection,
    GetImportReport,
    GetPreview,
    ImportReport,
    ListFormats,
)
from libs.common.contracts.samples import Sample
from libs.common.contracts.sources import DatasetSource
from libs.common.contracts.versions import DatasetStats, GetStats
from services.gateway.access import EDIT, READ, Signed
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging
from services.gateway.reports import report_rows
from services.gateway.tables import csv_response

router = APIRouter(prefix="/v1", tags=["datasets"], route_class=IdempotentRoute)
Version = Annotated[int | None, Query(ge=1)]


class NewData(View):
    source: DatasetSource
    format: FormatName | None = None
    options: FormatOptions = FormatOptions()


class NewDataset(NewData):
    """`is_raw`: registered only; `prepare` imports it later."""

    name: Name
    is_raw: bool = False


class Look(NewData):
    """A thorough one decodes every sample, as the import will."""

    is_thorough: bool = False


class Preparation(View):
    adapter: FormatName | None = None
    options: FormatOptions | None = None


class DatasetChanges(View):
    name: Name


@router.get("/datasets/formats", dependencies=[READ])
async def list_formats(house: House) -> Page[FormatDescription]:
    """What can be imported, and exported."""
    return await house.ask(ListFormats())


@router.post("/datasets/detect", status_code=202, dependencies=[EDIT])
async def detect_dataset(look: Look, house: House, caller: Signed) -> Detection:
    """What an import would find, as a job that stores nothing; the answer is at `/v1/detections/{id}`."""
    return await house.ask(DetectDataset(**dict(look), made_by=caller.user_id))


@router.get("/detections/{detection_id}", dependencies=[READ])
async def get_detection(detection_id: UUID, house: House, paging: Paging) -> Detection:
    return await house.ask(GetDetection(detection_id=detection_id, query=paging))


@router.get("/projects/{project_id}/datasets", dependencies=[READ])
async def list_datasets(project_id: UUID, house: House, paging: Paging) -> Page[Dataset]:
    return await house.ask(ListDatasets(project_id=project_id, query=paging))


@router.post("/projects/{project_id}/datasets", status_code=202, dependencies=[EDIT])
async def create_dataset(project_id: UUID, dataset: NewDataset, house: House) -> Dataset:
    """Registers the dataset and imports it as a job: `job_id` tells which."""
    return await house.ask(CreateDataset(project_id=project_id, **dict(dataset)))


@router.get("/datasets/{dataset_id}", dependencies=[READ])
async def get_dataset(dataset_id: UUID, house: House) -> Dataset:
    return await house.ask(GetDataset(dataset_id=dataset_id))


@router.patch("/datasets/{dataset_id}", dependencies=[EDIT])
async def update_dataset(dataset_id: UUID, changes: DatasetChanges, house: House) -> Dataset:
    return await house.ask(UpdateDataset(dataset_id=dataset_id, name=changes.name))


@router.delete("/datasets/{dataset_id}", status_code=204, dependencies=[EDIT])
async def delete_dataset(dataset_id: UUID, house: House) -> None:
    await house.ask(DeleteDataset(dataset_id=dataset_id))


@router.post("/datasets/{dataset_id}/prepare", status_code=202, dependencies=[EDIT])
async def prepare_dataset(dataset_id: UUID, preparation: Preparation, house: House) -> Dataset:
    """Imports a raw dataset, or one whose import failed."""
    return await house.ask(PrepareDataset(dataset_id=dataset_id, **dict(preparation)))


@router.post("/datasets/{dataset_id}/samples", status_code=202, dependencies=[EDIT])
async def add_samples(dataset_id: UUID, data: NewData, house: House) -> Dataset:
    """More samples, as a job; they make a new version."""
    return await house.ask(AddSamples(dataset_id=dataset_id, **dict(data)))


@router.get("/datasets/{dataset_id}/report", dependencies=[READ])
async def get_report(
    dataset_id: UUID, house: House, paging: Paging, report_id: UUID | None = None
) -> ImportReport:
    """Of the newest import, or the one of `report_id`, which is its job."""
    return await house.ask(GetImportReport(dataset_id=dataset_id, report_id=report_id, query=paging))


@router.get("/datasets/{dataset_id}/report/download", dependencies=[READ], response_class=Response)
async def download_report(dataset_id: UUID, house: House, report_id: UUID | None = None) -> Response:
    """Every problem as a row of a CSV file."""

    async def ask(query: PageQuery) -> ImportReport:
        return await house.ask(GetImportReport(dataset_id=dataset_id, report_id=report_id, query=query))

    first = await ask(PageQuery(limit=200))
    return csv_response(f"report-{dataset_id}.csv", report_rows(first, ask))


@router.get("/datasets/{dataset_id}/stats", dependencies=[READ])
async def get_stats(dataset_id: UUID, house: House, version: Version = None) -> DatasetStats:
    return await house.ask(GetStats(dataset_id=dataset_id, version=version))


@router.get("/datasets/{dataset_id}/preview", dependencies=[READ])
async def get_preview(dataset_id: UUID, house: House, version: Version = None) -> Page[Sample]:
    """Five samples, others each time."""
    return await house.ask(GetPreview(dataset_id=dataset_id, version=version))
