"""The request door of the exporter."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Page
from libs.common.contracts.exports import (
    CreateExport,
    Download,
    Export,
    GetDownload,
    GetExport,
    ListExports,
)
from libs.common.contracts.models import (
    GetModel,
    GetModelVersion,
    ListModels,
    ListModelVersions,
    Model,
    ModelVersion,
    RegisterModel,
    SetAlias,
)
from services.exporter.service import Service

requests = RequestDoor()


@requests.answers
async def create_export(request: CreateExport, service: Service) -> Export:
    return await service.create(request.model, request.format, request.then)


@requests.answers
async def get_export(request: GetExport, service: Service) -> Export:
    return await service.get(request.export_id)


@requests.answers
async def list_exports(request: ListExports, service: Service) -> Page[Export]:
    return await service.list_exports(request.run_id, request.query)


@requests.answers
async def download(request: GetDownload, service: Service) -> Download:
    return await service.download(request.export_id)


@requests.answers
async def register_model(request: RegisterModel, service: Service) -> ModelVersion:
    return await service.register(request.name, request.export_id)


@requests.answers
async def list_models(request: ListModels, service: Service) -> Page[Model]:
    return await service.registry.list_models(request.project_id, request.query)


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
