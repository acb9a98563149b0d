"""The model registry over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse

from libs.common.contracts.base import Page, Slug, View
from libs.common.contracts.jobs import Job
from libs.common.contracts.lineage import Lineage
from libs.common.contracts.models import (
    DeleteModel,
    DeleteModelVersion,
    DownloadModelVersion,
    ForeignModel,
    GetModel,
    GetModelVersion,
    ImportModel,
    ListModels,
    ListModelVersions,
    Model,
    ModelNote,
    ModelVersion,
    RegisterModel,
    RemoveAlias,
    SetAlias,
    UpdateModel,
    UpdateModelVersion,
    VersionNumber,
)
from libs.common.contracts.projects import GetProject
from libs.common.contracts.uploads import GetUpload, UploadState
from libs.common.errors import Conflict, Problem
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.lineage import lineage_of_version
from services.gateway.paging import Paging
from services.gateway.serving import require_unserved

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=IdempotentRoute)

ModelName = Annotated[Slug, Path()]
Version = Annotated[VersionNumber, Path()]
# The store copies the upload within one question.
COPY_SECONDS = 120.0


class UploadIsNotComplete(Conflict):
    code, title = "upload_incomplete", "The file has not arrived yet"


class AliasTarget(View):
    version: VersionNumber


class Note(View):
    note: ModelNote


class NewImport(View):
    """`upload_id` is that of a complete upload of one ONNX file; it is copied, so the upload may go."""

    name: Slug
    project_id: UUID
    upload_id: UUID
    model: ForeignModel
    note: ModelNote = ""


@router.get("", dependencies=[READ])
async def list_models(house: House, paging: Paging, project: UUID | None = None) -> Page[Model]:
    return await house.ask(ListModels(project_id=project, query=paging))


@router.post("", status_code=201, dependencies=[EDIT])
async def register_model(wanted: RegisterModel, house: House) -> ModelVersion:
    """A completed export becomes the next version of a model."""
    return await house.ask(wanted)


@router.post("/imports", status_code=202, dependencies=[EDIT])
async def import_model(wanted: NewImport, house: House) -> Job:
    """An ONNX file from elsewhere becomes the next version of a model, as a job that looks at it first."""
    await house.ask(GetProject(project_id=wanted.project_id))
    upload = await house.ask(GetUpload(upload_id=wanted.upload_id), timeout_seconds=60)
    if upload.state is not UploadState.COMPLETE:
        problem = Problem(field="upload_id", message="parts of it have not arrived")
        raise UploadIsNotComplete(f"upload {upload.id} is not complete", errors=[problem])
    return await house.ask(
        ImportModel(
            name=wanted.name,
            project_id=wanted.project_id,
            filename=upload.filename,
            key=upload.key,
            size_bytes=upload.size_bytes,
            model=wanted.model,
            note=wanted.note,
        ),
        timeout_seconds=COPY_SECONDS,
    )


@router.get("/{name}", dependencies=[READ])
async def get_model(name: ModelName, house: House) -> Model:
    return await house.ask(GetModel(name=name))


@router.patch("/{name}", dependencies=[EDIT])
async def update_model(name: ModelName, changes: Note, house: House) -> Model:
    return await house.ask(UpdateModel(name=name, note=changes.note))


@router.delete("/{name}", status_code=204, dependencies=[EDIT])
async def delete_model(name: ModelName, house: House) -> None:
    """With all its versions; refused while a deployment answers with one. Exports stay."""
    await require_unserved(house, name)
    await house.ask(DeleteModel(name=name), timeout_seconds=COPY_SECONDS)


@router.get("/{name}/versions", dependencies=[READ])
async def list_model_versions(name: ModelName, house: House, paging: Paging) -> Page[ModelVersion]:
    return await house.ask(ListModelVersions(name=name, query=paging))


@router.get("/{name}/versions/{version}", dependencies=[READ])
async def get_model_version(name: ModelName, version: Version, house: House) -> ModelVersion:
    return await house.ask(GetModelVersion(name=name, version=version))


@router.patch("/{name}/versions/{version}", dependencies=[EDIT])
async def update_model_version(
    name: ModelName, version: Version, changes: Note, house: House
) -> ModelVersion:
    return await house.ask(UpdateModelVersion(name=name, version=version, note=changes.note))


@router.delete("/{name}/versions/{version}", status_code=204, dependencies=[EDIT])
async def delete_model_version(name: ModelName, version: Version, house: House) -> None:
    """Refused while an alias points to it or a deployment answers with it; its number never comes again."""
    await require_unserved(house, name, version)
    await house.ask(DeleteModelVersion(name=name, version=version))


@router.get("/{name}/versions/{version}/download", dependencies=[READ], response_class=RedirectResponse)
async def download_model_version(name: ModelName, version: Version, house: House) -> RedirectResponse:
    """Redirects to the file in the object store, which answers range requests."""
    download = await house.ask(DownloadModelVersion(name=name, version=version))
    return RedirectResponse(download.url, 307)


@router.get("/{name}/versions/{version}/lineage", dependencies=[READ])
async def get_model_lineage(name: ModelName, version: Version, house: House) -> Lineage:
    """From datasets over its run to what answers with it, as nodes and edges."""
    return await lineage_of_version(house, name, version)


@router.put("/{name}/aliases/{alias}", dependencies=[EDIT])
async def set_alias(name: ModelName, alias: ModelName, target: AliasTarget, house: House) -> Model:
    return await house.ask(SetAlias(name=name, alias=alias, version=target.version))


@router.delete("/{name}/aliases/{alias}", dependencies=[EDIT])
async def remove_alias(name: ModelName, alias: ModelName, house: House) -> Model:
    return await house.ask(RemoveAlias(name=name, alias=alias))
