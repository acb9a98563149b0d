"""The model registry over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from libs.common.contracts.base import Page, Slug, View
from libs.common.contracts.models import (
    GetModel,
    ListModels,
    ListModelVersions,
    Model,
    ModelVersion,
    RegisterModel,
    SetAlias,
)
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=IdempotentRoute)

ModelName = Annotated[Slug, Path()]


class AliasTarget(View):
    version: int


@router.get("", dependencies=[READ])
async def list_models(house: House, paging: Paging, project: UUID | None = None) -> Page[Model]:
    return await house.ask(ListModels(project_id=project, query=paging))


@router.post("", status_code=201, dependencies=[EDIT])
async def register_model(wanted: RegisterModel, house: House) -> ModelVersion:
    """A completed export becomes the next version of a model."""
    return await house.ask(wanted)


@router.get("/{name}", dependencies=[READ])
async def get_model(name: ModelName, house: House) -> Model:
    return await house.ask(GetModel(name=name))


@router.get("/{name}/versions", dependencies=[READ])
async def list_model_versions(name: ModelName, house: House, paging: Paging) -> Page[ModelVersion]:
    return await house.ask(ListModelVersions(name=name, query=paging))


@router.put("/{name}/aliases/{alias}", dependencies=[EDIT])
async def set_alias(name: ModelName, alias: ModelName, target: AliasTarget, house: House) -> Model:
    return await house.ask(SetAlias(name=name, alias=alias, version=target.version))
