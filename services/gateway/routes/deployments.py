"""Deployments over HTTP; what they answer is in predictions.py."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field, model_validator

from libs.common.contracts.base import Page, Slug, View
from libs.common.contracts.deployments import (
    ChangeServing,
    CreateDeployment,
    DeleteDeployment,
    Deployment,
    DeploymentMetadata,
    DeploymentTraffic,
    GetDeployment,
    GetDeploymentMetadata,
    GetTraffic,
    ListDeployments,
    ListRevisions,
    Revision,
    RollBackDeployment,
    ServingSettings,
    SetCanary,
)
from libs.common.contracts.models import GetModelVersion, ModelVersion, VersionNumber
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
    version: VersionNumber | None = None
    alias: Slug | None = None
    settings: ServingSettings | None = None


class DeploymentChanges(View):
    """A version by number or alias (the latest of `model` when both are left out) is swapped to, or with
    `percent` put on trial for that share of the requests. `percent` alone changes the share: 100 makes the
    version on trial the deployment's own, 0 ends the trial. Of `settings` what is left out stays.
    """

    model: Slug | None = None
    version: VersionNumber | None = None
    alias: Slug | None = None
    percent: Annotated[int, Field(ge=0, le=100)] | None = None
    settings: ServingSettings | None = None

    @property
    def names_a_version(self) -> bool:
        return any(part is not None for part in (self.model, self.version, self.alias))

    @model_validator(mode="after")
    def _one_after_the_other(self) -> "DeploymentChanges":
        if self.percent is not None and self.settings is not None:
            raise ValueError("settings and a share of the requests are changed one after the other")
        if not self.names_a_version and self.percent is None and self.settings is None:
            raise ValueError("nothing is to be changed: name a version, percent or settings")
        return self


@router.get("", dependencies=[READ])
async def list_deployments(
    house: House, paging: Paging, project: UUID | None = None, model: Slug | None = None
) -> Page[Deployment]:
    """`model`: those that serve, try out or are to serve a version of it."""
    return await house.ask(ListDeployments(project_id=project, model=model, query=paging))


@router.post("", status_code=202, dependencies=[EDIT])
async def create_deployment(wanted: NewDeployment, house: House) -> Deployment:
    version = await house.ask(GetModelVersion(name=wanted.model, version=wanted.version, alias=wanted.alias))
    return await house.ask(CreateDeployment(name=wanted.name, version=version, settings=wanted.settings))


@router.get("/{name}", dependencies=[READ])
async def get_deployment(name: DeploymentName, house: House) -> Deployment:
    return await house.ask(GetDeployment(name=name))


@router.patch("/{name}", status_code=202, dependencies=[EDIT])
async def change_deployment(name: DeploymentName, changes: DeploymentChanges, house: House) -> Deployment:
    """Another version, a share of the requests for one on trial, or other settings; what serves answers until
    what is wished does."""
    deployment = await house.ask(GetDeployment(name=name))
    version = await _wanted_version(deployment, changes, house)
    if changes.percent is not None:
        return await house.ask(SetCanary(name=name, version=version, percent=changes.percent))
    settings = _changed(deployment.settings, changes.settings) if changes.settings else None
    if version is not None:
        return await house.ask(CreateDeployment(name=name, version=version, settings=settings))
    assert settings is not None
    return await house.ask(ChangeServing(name=name, settings=settings))


async def _wanted_version(
    deployment: Deployment, changes: DeploymentChanges, house: House
) -> ModelVersion | None:
    if not changes.names_a_version:
        return None
    model = changes.model or deployment.model
    return await house.ask(GetModelVersion(name=model, version=changes.version, alias=changes.alias))


def _changed(present: ServingSettings, wanted: ServingSettings) -> ServingSettings:
    return present.model_copy(update={field: getattr(wanted, field) for field in wanted.model_fields_set})


@router.delete("/{name}", status_code=204, dependencies=[EDIT])
async def delete_deployment(name: DeploymentName, house: House) -> None:
    await house.ask(DeleteDeployment(name=name))


@router.post("/{name}/rollback", status_code=202, dependencies=[EDIT])
async def roll_back(name: DeploymentName, house: House) -> Deployment:
    return await house.ask(RollBackDeployment(name=name))


@router.get("/{name}/revisions", dependencies=[READ])
async def list_revisions(name: DeploymentName, house: House, paging: Paging) -> Page[Revision]:
    """What was to be served from when on, newest first."""
    return await house.ask(ListRevisions(name=name, query=paging))


@router.get("/{name}/traffic", dependencies=[READ])
async def get_traffic(
    name: DeploymentName, house: House, minutes: Annotated[int, Query(ge=1, le=1440)] = 60
) -> DeploymentTraffic:
    """Requests, errors and latencies of each version over the last minutes, up to a day."""
    return await house.ask(GetTraffic(name=name, minutes=minutes))


@router.get("/{name}/metadata", dependencies=[READ])
async def get_metadata(name: DeploymentName, house: House) -> DeploymentMetadata:
    return await house.ask(GetDeploymentMetadata(name=name))
