"""The request door of the exporter."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Gone, Page
from libs.common.contracts.exports import (
    Certificate,
    CreateExport,
    DeleteExport,
    Download,
    Export,
    ExportOption,
    GetCertificate,
    GetDownload,
    GetExport,
    ListExportOptions,
    ListExports,
)
from libs.common.contracts.jobs import Job
from libs.common.contracts.models import (
    DeleteModel,
    DeleteModelVersion,
    DownloadModelVersion,
    GetModel,
    GetModelVersion,
    ImportModel,
    ListModels,
    ListModelVersions,
    Model,
    ModelVersion,
    RegisterModel,
    RemoveAlias,
    SetAlias,
    UpdateModel,
    UpdateModelVersion,
)
from libs.common.contracts.owners import OwnersInExporter, Projects
from services.exporter.service import Service

requests = RequestDoor()


@requests.answers
async def list_owners(request: OwnersInExporter, service: Service) -> Projects:
    return await (service.registry if request.kind == "model" else service).owners(request)


@requests.answers
async def create_export(request: CreateExport, service: Service) -> Export:
    return await service.create(
        request.model,
        format=request.format,
        precision=request.precision,
        metric_tolerance=request.metric_tolerance,
        then=request.then,
    )


@requests.answers
async def list_options(_: ListExportOptions, service: Service) -> tuple[ExportOption, ...]:
    return service.options()


@requests.answers
async def delete_export(request: DeleteExport, service: Service) -> Gone:
    await service.delete(request.export_id)
    return Gone(id=str(request.export_id))


@requests.answers
async def get_certificate(request: GetCertificate, service: Service) -> Certificate:
    return await service.certificate(request.export_id)


@requests.answers
async def get_export(request: GetExport, service: Service) -> Export:
    return await service.get(request.export_id)


@requests.answers
async def list_exports(request: ListExports, service: Service) -> Page[Export]:
    return await service.list_exports(request)


@requests.answers
async def download(request: GetDownload, service: Service) -> Download:
    return await service.download(request.export_id)


@requests.answers
async def register_model(request: RegisterModel, service: Service) -> ModelVersion:
    return await service.register(request.name, request.export_id, request.note)


@requests.answers
async def list_models(request: ListModels, service: Service) -> Page[Model]:
    return await service.registry.list_models(request)


@requests.answers
async def get_model(request: GetModel, service: Service) -> Model:
    return await service.registry.get(request.name)


@requests.answers
async def list_versions(request: ListModelVersions, service: Service) -> Page[ModelVersion]:
    return await service.registry.list_versions(request.name, request.query)


@requests.answers
async def get_version(request: GetModelVersion, service: Service) -> ModelVersion:
    return await service.registry.version(request.name, request.version, request.alias)


@requests.answers
async def set_alias(request: SetAlias, service: Service) -> Model:
    return await service.registry.set_alias(request.name, request.alias, request.version)


@requests.answers
async def import_model(request: ImportModel, service: Service) -> Job:
    return await service.imports.begin(request)


@requests.answers
async def update_model(request: UpdateModel, service: Service) -> Model:
    return await service.registry.annotate(request.name, request.note)


@requests.answers
async def delete_model(request: DeleteModel, service: Service) -> Gone:
    await service.registry.delete(request.name)
    return Gone(id=request.name)


@requests.answers
async def download_version(request: DownloadModelVersion, service: Service) -> Download:
    return await service.registry.download(request.name, request.version)


@requests.answers
async def update_version(request: UpdateModelVersion, service: Service) -> ModelVersion:
    return await service.registry.annotate_version(request.name, request.version, request.note)


@requests.answers
async def delete_version(request: DeleteModelVersion, service: Service) -> Gone:
    await service.registry.delete_version(request.name, request.version)
    return Gone(id=f"{request.name}@{request.version}")


@requests.answers
async def remove_alias(request: RemoveAlias, service: Service) -> Model:
    return await service.registry.remove_alias(request.name, request.alias)
