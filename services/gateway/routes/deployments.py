"""Deployments and predictions over HTTP."""

import binascii
from base64 import b64decode
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import Field, ValidationError

from libs.common.contracts.base import Page, Slug, View
from libs.common.contracts.deployments import (
    CreateDeployment,
    DeleteDeployment,
    Deployment,
    DeploymentMetadata,
    GetDeployment,
    GetDeploymentMetadata,
    ListDeployments,
    Predict,
    PredictionAnswer,
    RollBackDeployment,
)
from libs.common.contracts.models import GetModelVersion
from libs.common.errors import BadInput, Problem
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1/deployments", tags=["deployments"], route_class=IdempotentRoute)

DeploymentName = Annotated[Slug, Path()]
MAX_IMAGES = 64


class NewDeployment(View):
    """A registry version by number or alias; the latest when both are left out."""

    name: Slug
    model: Slug
    version: int | None = None
    alias: Slug | None = None


class DeploymentChanges(View):
    model: Slug | None = None
    version: int | None = None
    alias: Slug | None = None


class ImagesAsJson(View):
    """Images as base64 of their files."""

    images: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_IMAGES)]


@router.get("", dependencies=[READ])
async def list_deployments(house: House, paging: Paging, project: UUID | None = None) -> Page[Deployment]:
    return await house.ask(ListDeployments(project_id=project, query=paging))


@router.post("", status_code=202, dependencies=[EDIT])
async def create_deployment(wanted: NewDeployment, house: House) -> Deployment:
    version = await house.ask(GetModelVersion(name=wanted.model, version=wanted.version, alias=wanted.alias))
    return await house.ask(CreateDeployment(name=wanted.name, version=version))


@router.get("/{name}", dependencies=[READ])
async def get_deployment(name: DeploymentName, house: House) -> Deployment:
    return await house.ask(GetDeployment(name=name))


@router.patch("/{name}", status_code=202, dependencies=[EDIT])
async def change_deployment(name: DeploymentName, changes: DeploymentChanges, house: House) -> Deployment:
    """Swaps to another version; the old one answers until the new one is ready."""
    deployment = await house.ask(GetDeployment(name=name))
    version = await house.ask(
        GetModelVersion(name=changes.model or deployment.model, version=changes.version, alias=changes.alias)
    )
    return await house.ask(CreateDeployment(name=name, version=version))


@router.delete("/{name}", status_code=204, dependencies=[EDIT])
async def delete_deployment(name: DeploymentName, house: House) -> None:
    await house.ask(DeleteDeployment(name=name))


@router.post("/{name}/rollback", status_code=202, dependencies=[EDIT])
async def roll_back(name: DeploymentName, house: House) -> Deployment:
    return await house.ask(RollBackDeployment(name=name))


@router.get("/{name}/metadata", dependencies=[READ])
async def get_metadata(name: DeploymentName, house: House) -> DeploymentMetadata:
    return await house.ask(GetDeploymentMetadata(name=name))


@router.post(
    "/{name}/predict",
    dependencies=[READ],
    openapi_extra={
        "requestBody": {
            "content": {
                "image/*": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "images": {"type": "array", "items": {"type": "string", "format": "binary"}}
                        },
                    }
                },
                "application/json": {"schema": ImagesAsJson.model_json_schema()},
            },
            "required": True,
        }
    },
)
async def predict(name: DeploymentName, request: Request, house: House) -> PredictionAnswer:
    """One image as the raw body, several as multipart files, or base64 in JSON; answers in the same order."""
    images = await _images(request)
    return await house.ask(Predict(name=name, images=images), timeout_seconds=30)


async def _images(request: Request) -> tuple[bytes, ...]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    match media_type:
        case "application/json":
            images = _decoded(await request.body())
        case "multipart/form-data":
            form = await request.form(max_files=MAX_IMAGES)
            files = (part for _, part in form.multi_items() if not isinstance(part, str))
            images = tuple([await part.read() for part in files])
        case _ if media_type.startswith("image/") or media_type == "application/octet-stream":
            images = (await request.body(),)
        case _:
            problem = Problem(
                field="content-type", message="image/*, multipart/form-data or application/json"
            )
            raise BadInput("this content type is not an image", errors=[problem])
    if not images:
        raise BadInput("send at least one image", errors=[Problem(field="images", message="empty")])
    empty = [Problem(row=row, message="0 bytes") for row, image in enumerate(images) if not image]
    if empty:
        raise BadInput("an image is empty", errors=empty)
    return images


def _decoded(body: bytes) -> tuple[bytes, ...]:
    try:
        wanted = ImagesAsJson.model_validate_json(body)
    except ValidationError as error:
        problems = [
            Problem(field=".".join(map(str, found["loc"])), message=found["msg"]) for found in error.errors()
        ]
        raise BadInput("the JSON is not of the expected form", errors=problems) from error
    images: list[bytes] = []
    for row, text in enumerate(wanted.images):
        try:
            images.append(b64decode(text, validate=True))
        except binascii.Error as error:
            raise BadInput("an image is not base64", errors=[Problem(row=row, message=str(error))]) from error
    return tuple(images)
