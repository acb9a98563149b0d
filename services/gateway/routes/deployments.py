"""Deployments over HTTP; what they answer is in predictions.py."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from libs.common.contracts.base import Page, Slug, View
from libs.common.contracts.deployments import (
    CreateDeployment,
    DeleteDeployment,
    Deployment,
    DeploymentMetadata,
    GetDeployment,
    GetDeploymentMetadata,
    ListDeployments,
    RollBackDeployment,
)
from libs.common.contracts.models import GetModelVersion
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1/deployments", tags=["deployments"], route_class=IdempotentRoute)

DeploymentName = Annotated[Slug, Path()]


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
