"""Experiments over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints

from libs.common.contracts.base import Name, Page, View
from libs.common.contracts.experiments import (
    CreateExperiment,
    DeleteExperiment,
    Experiment,
    GetExperiment,
    ListExperiments,
    TaskConfig,
    UpdateExperiment,
)
from libs.common.contracts.projects import GetProject
from libs.common.contracts.splits import ReferSplit
from libs.common.errors import BadInput, Problem
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["experiments"], route_class=IdempotentRoute)


class SplitOfAnotherProject(BadInput):
    code, title = "split_of_another_project", "This split belongs to another project"


class NewExperiment(View):
    name: Name
    split_id: UUID
    preset: Annotated[str, StringConstraints(max_length=40)] | None = None
    config: TaskConfig = {}


class ExperimentChanges(View):
    name: Name


@router.get("/projects/{project_id}/experiments", dependencies=[READ])
async def list_experiments(project_id: UUID, house: House, paging: Paging) -> Page[Experiment]:
    return await house.ask(ListExperiments(project_id=project_id, query=paging))


@router.post("/projects/{project_id}/experiments", status_code=201, dependencies=[EDIT])
async def create_experiment(project_id: UUID, wanted: NewExperiment, house: House) -> Experiment:
    """The task is the project's; the split names the dataset version, so a run can never see other data."""
    project = await house.ask(GetProject(project_id=project_id))
    data = await house.ask(ReferSplit(split_id=wanted.split_id))
    if data.project_id != project_id:
        problem = Problem(field="split_id", message="not a split of this project")
        raise SplitOfAnotherProject("choose a split of this project", errors=[problem])
    return await house.ask(
        CreateExperiment(
            project_id=project_id,
            name=wanted.name,
            task=project.task,
            data=data,
            preset=wanted.preset,
            config=wanted.config,
        )
    )


@router.get("/experiments/{experiment_id}", dependencies=[READ])
async def get_experiment(experiment_id: UUID, house: House) -> Experiment:
    return await house.ask(GetExperiment(experiment_id=experiment_id))


@router.patch("/experiments/{experiment_id}", dependencies=[EDIT])
async def update_experiment(experiment_id: UUID, changes: ExperimentChanges, house: House) -> Experiment:
    return await house.ask(UpdateExperiment(experiment_id=experiment_id, name=changes.name))


@router.delete("/experiments/{experiment_id}", status_code=204, dependencies=[EDIT])
async def delete_experiment(experiment_id: UUID, house: House) -> None:
    await house.ask(DeleteExperiment(experiment_id=experiment_id))
