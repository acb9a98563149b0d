"""Exports of datasets over HTTP."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from libs.common.contracts.base import Page, View
from libs.common.contracts.dataset_exports import (
    CreateDatasetExport,
    DatasetExport,
    DownloadDatasetExport,
    GetDatasetExport,
    ListDatasetExports,
)
from libs.common.contracts.imports import FormatName
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1/datasets/{dataset_id}/exports", tags=["exports"], route_class=IdempotentRoute)


class NewExport(View):
    format: FormatName
    version: int | None = None
    split_id: UUID | None = None


@router.post("", status_code=202, dependencies=[EDIT])
async def create_dataset_export(dataset_id: UUID, export: NewExport, house: House) -> DatasetExport:
    """A version as one ZIP, as a job; subsets are those of the split, else those that the import named."""
    return await house.ask(CreateDatasetExport(dataset_id=dataset_id, **dict(export)))


@router.get("", dependencies=[READ])
async def list_dataset_exports(dataset_id: UUID, house: House, paging: Paging) -> Page[DatasetExport]:
    return await house.ask(ListDatasetExports(dataset_id=dataset_id, query=paging))


@router.get("/{export_id}", dependencies=[READ])
async def get_dataset_export(
    dataset_id: UUID, export_id: UUID, house: House, paging: Paging
) -> DatasetExport:
    """With what the format has no place for."""
    return await house.ask(GetDatasetExport(dataset_id=dataset_id, export_id=export_id, query=paging))


@router.get("/{export_id}/download", dependencies=[READ], response_class=RedirectResponse)
async def download_dataset_export(dataset_id: UUID, export_id: UUID, house: House) -> RedirectResponse:
    """Redirects to the file in the object store, which answers range requests."""
    download = await house.ask(DownloadDatasetExport(dataset_id=dataset_id, export_id=export_id))
    return RedirectResponse(download.url, 307)
