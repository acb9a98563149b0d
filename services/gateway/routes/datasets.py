"""Datasets and their versions over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from libs.common.contracts.base import Name, Page, View
from libs.common.contracts.datasets import (
    CreateDataset,
    Dataset,
    DatasetSource,
    DatasetStats,
    DatasetVersion,
    DeleteDataset,
    GetDataset,
    GetImportReport,
    GetStats,
    ImportReport,
    ListDatasets,
    ListVersions,
    UpdateDataset,
)
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["datasets"], route_class=IdempotentRoute)


class NewDataset(View):
    name: Name
    source: DatasetSource
    format: str | None = None


class DatasetChanges(View):
    name: Name


@router.get("/projects/{project_id}/datasets", dependencies=[READ])
async def list_datasets(project_id: UUID, house: House, paging: Paging) -> Page[Dataset]:
    return await house.ask(ListDatasets(project_id=project_id, query=paging))


@router.post("/projects/{project_id}/datasets", status_code=202, dependencies=[EDIT])
async def create_dataset(project_id: UUID, dataset: NewDataset, house: House) -> Dataset:
    """Registers the dataset and imports it as a job: `job_id` tells which."""
    return await house.ask(
        CreateDataset(project_id=project_id, name=dataset.name, source=dataset.source, format=dataset.format)
    )


@router.get("/datasets/{dataset_id}", dependencies=[READ])
async def get_dataset(dataset_id: UUID, house: House) -> Dataset:
    return await house.ask(GetDataset(dataset_id=dataset_id))


@router.patch("/datasets/{dataset_id}", dependencies=[EDIT])
async def update_dataset(dataset_id: UUID, changes: DatasetChanges, house: House) -> Dataset:
    return await house.ask(UpdateDataset(dataset_id=dataset_id, name=changes.name))


@router.delete("/datasets/{dataset_id}", status_code=204, dependencies=[EDIT])
async def delete_dataset(dataset_id: UUID, house: House) -> None:
    await house.ask(DeleteDataset(dataset_id=dataset_id))


@router.get("/datasets/{dataset_id}/report", dependencies=[READ])
async def get_report(dataset_id: UUID, house: House, paging: Paging) -> ImportReport:
    return await house.ask(GetImportReport(dataset_id=dataset_id, query=paging))


@router.get("/datasets/{dataset_id}/stats", dependencies=[READ])
async def get_stats(dataset_id: UUID, house: House, version: int | None = None) -> DatasetStats:
    return await house.ask(GetStats(dataset_id=dataset_id, version=version))


@router.get("/datasets/{dataset_id}/versions", dependencies=[READ])
async def list_versions(dataset_id: UUID, house: House, paging: Paging) -> Page[DatasetVersion]:
    return await house.ask(ListVersions(dataset_id=dataset_id, query=paging))
