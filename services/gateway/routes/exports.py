"""Exports over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import StringConstraints
from starlette.responses import RedirectResponse

from libs.common.contracts.base import Page, View
from libs.common.contracts.exports import (
    Certificate,
    CreateExport,
    DeleteExport,
    Export,
    ExportFormat,
    ExportOption,
    FormatName,
    GetCertificate,
    GetDownload,
    GetExport,
    ListExportOptions,
    ListExports,
    MetricTolerance,
    Precision,
)
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging
from services.gateway.subjects import evaluable

router = APIRouter(prefix="/v1", tags=["exports"], route_class=IdempotentRoute)


class NewExport(View):
    """`metric_tolerance` is what the task's metric may lose; each format and precision has its own."""

    checkpoint: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "best"
    format: FormatName = ExportFormat.ONNX
    precision: Precision = Precision.FP32
    metric_tolerance: MetricTolerance | None = None


@router.get("/exports/formats", dependencies=[READ])
async def list_export_formats(house: House) -> Page[ExportOption]:
    """What can be exported to, and of what cannot the reason."""
    return Page(items=await house.ask(ListExportOptions()))


@router.post("/runs/{run_id}/exports", status_code=202, dependencies=[EDIT])
async def create_export(run_id: UUID, wanted: NewExport, house: House) -> Export:
    """Exports a checkpoint and proves on real samples that nothing changed, as a job."""
    model = await evaluable(house, run_id, wanted.checkpoint)
    request = CreateExport(
        model=model,
        format=wanted.format,
        precision=wanted.precision,
        metric_tolerance=wanted.metric_tolerance,
    )
    return await house.ask(request)


@router.get("/exports", dependencies=[READ])
async def list_exports(
    house: House, paging: Paging, run: UUID | None = None, project: UUID | None = None
) -> Page[Export]:
    return await house.ask(ListExports(run_id=run, project_id=project, query=paging))


@router.get("/exports/{export_id}", dependencies=[READ])
async def get_export(export_id: UUID, house: House) -> Export:
    return await house.ask(GetExport(export_id=export_id))


@router.delete("/exports/{export_id}", status_code=204, dependencies=[EDIT])
async def delete_export(export_id: UUID, house: House) -> None:
    """With its file; one that is under way is given up. 409 while a version of a model is this export."""
    await house.ask(DeleteExport(export_id=export_id))


@router.get("/exports/{export_id}/certificate", dependencies=[READ])
async def get_certificate(export_id: UUID, house: House, response: Response) -> Certificate:
    """What the file was compared on and how far it lies from its model, to be kept beside it."""
    name = f"certificate-{export_id}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return await house.ask(GetCertificate(export_id=export_id))


@router.get("/exports/{export_id}/download", dependencies=[READ], response_class=RedirectResponse)
async def download_export(export_id: UUID, house: House) -> RedirectResponse:
    """Redirects to the file in the object store, which answers range requests."""
    download = await house.ask(GetDownload(export_id=export_id))
    return RedirectResponse(download.url, 307)
