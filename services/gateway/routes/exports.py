"""Exports over HTTP."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from libs.common.contracts.base import Page, View
from libs.common.contracts.exports import (
    CreateExport,
    Export,
    ExportFormat,
    GetDownload,
    GetExport,
    ListExports,
)
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging
from services.gateway.subjects import evaluable

router = APIRouter(prefix="/v1", tags=["exports"], route_class=IdempotentRoute)


class NewExport(View):
    checkpoint: str = "best"
    format: ExportFormat = ExportFormat.ONNX


@router.post("/runs/{run_id}/exports", status_code=202, dependencies=[EDIT])
async def create_export(run_id: UUID, wanted: NewExport, house: House) -> Export:
    """Exports a checkpoint and proves on real samples that nothing changed, as a job."""
    model = await evaluable(house, run_id, wanted.checkpoint)
    return await house.ask(CreateExport(model=model, format=wanted.format))


@router.get("/exports", dependencies=[READ])
async def list_exports(house: House, paging: Paging, run: UUID | None = None) -> Page[Export]:
    return await house.ask(ListExports(run_id=run, query=paging))


@router.get("/exports/{export_id}", dependencies=[READ])
async def get_export(export_id: UUID, house: House) -> Export:
    return await house.ask(GetExport(export_id=export_id))


@router.get("/exports/{export_id}/download", dependencies=[READ], response_class=RedirectResponse)
async def download_export(export_id: UUID, house: House) -> RedirectResponse:
    """Redirects to the file in the object store, which answers range requests."""
    download = await house.ask(GetDownload(export_id=export_id))
    return RedirectResponse(download.url, 307)
