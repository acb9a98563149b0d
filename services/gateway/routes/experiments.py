"""Experiments over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints, model_validator

from libs.common.contracts.base import Name, Page, View
from libs.common.contracts.comparisons import CompareRuns, Comparison
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.experiments import (
    CreateExperiment,
    DeleteExperiment,
    DuplicateExperiment,
    Experiment,
    ExperimentFilter,
    ExperimentSort,
    ExperimentSummary,
    GetExperiment,
    LastState,
    ListExperiments,
    Note,
    TaskConfig,
    UpdateExperiment,
)
from libs.common.contracts.projects import GetProject, TaskId
from libs.common.contracts.splits import CombineSplits, OnLeaks
from libs.common.errors import BadInput, Problem
from services.gateway.access import EDIT, READ
from services.gateway.doors import Doors, House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["experiments"], route_class=IdempotentRoute)
# Manifests of a million samples are joined within seconds, but not always alone.
COMBINING_SECONDS = 180
Text = Annotated[str | None, Query(max_length=200, description="part of a name, a note or a dataset's name")]
State = Annotated[LastState | None, Query(description="of the last run")]


class SplitOfAnotherProject(BadInput):
    code, title = "split_of_another_project", "This split belongs to another project"


class NewExperiment(View):
    """Learns from one split, or from several: one of each dataset."""

    name: Name
    note: Note = ""
    split_id: UUID | None = None
    split_ids: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()
    leaks: OnLeaks = "refuse"
    preset: Annotated[str, StringConstraints(max_length=40)] | None = None
    config: TaskConfig = {}

    @model_validator(mode="after")
    def _names_data(self) -> "NewExperiment":
        if (self.split_id is None) == (not self.split_ids):
            raise ValueError("give either split_id or split_ids")
        return self

    @property
    def splits(self) -> tuple[UUID, ...]:
        return self.split_ids or (() if self.split_id is None else (self.split_id,))


class ExperimentChanges(View):
    name: Name | None = None
    note: Note | None = None


class Duplication(View):
    name: Name | None = None
    config: TaskConfig = {}


@router.get("/projects/{project_id}/experiments", dependencies=[READ])
async def list_experiments(
    project_id: UUID,
    house: House,
    paging: Paging,
    q: Text = None,
    state: State = None,
    sort: ExperimentSort = "-created",
) -> Page[ExperimentSummary]:
    wanted = ExperimentFilter(project_id=project_id, state=state, text=q)
    return await house.ask(ListExperiments(filter=wanted, sort=sort, query=paging))


@router.get("/experiments", dependencies=[READ])
async def list_all_experiments(
    house: House,
    paging: Paging,
    project: UUID | None = None,
    task: TaskId | None = None,
    q: Text = None,
    state: State = None,
    sort: ExperimentSort = "-created",
) -> Page[ExperimentSummary]:
    """Of every project, or of one."""
    wanted = ExperimentFilter(project_id=project, task=task, state=state, text=q)
    return await house.ask(ListExperiments(filter=wanted, sort=sort, query=paging))


@router.post("/projects/{project_id}/experiments", status_code=201, dependencies=[EDIT])
async def create_experiment(project_id: UUID, wanted: NewExperiment, house: House) -> Experiment:
    """The task is the project's; the splits name dataset versions, so a run can never see other data."""
    project = await house.ask(GetProject(project_id=project_id))
    return await house.ask(
        CreateExperiment(
            project_id=project_id,
            name=wanted.name,
            note=wanted.note,
            task=project.task,
            data=await _data(project_id, wanted, house),
            preset=wanted.preset,
            config=wanted.config,
        )
    )


async def _data(project_id: UUID, wanted: NewExperiment, house: Doors) -> DataReference:
    request = CombineSplits(split_ids=wanted.splits, leaks=wanted.leaks)
    data = await house.ask(request, timeout_seconds=COMBINING_SECONDS)
    if data.project_id != project_id:
        field = "split_ids.0" if wanted.split_ids else "split_id"
        problem = Problem(field=field, message="not a split of this project")
        raise SplitOfAnotherProject("choose a split of this project", errors=[problem])
    return data


@router.post("/experiments/compare", dependencies=[READ])
async def compare_experiments(wanted: CompareRuns, house: House) -> Comparison:
    """Runs side by side, of any projects; of an experiment its best run or its latest."""
    return await house.ask(wanted)


@router.get("/experiments/{experiment_id}", dependencies=[READ])
async def get_experiment(experiment_id: UUID, house: House) -> Experiment:
    return await house.ask(GetExperiment(experiment_id=experiment_id))


@router.post("/experiments/{experiment_id}/duplicate", status_code=201, dependencies=[EDIT])
async def duplicate_experiment(experiment_id: UUID, wanted: Duplication, house: House) -> Experiment:
    """Of the same data and config, except for what `config` says otherwise."""
    return await house.ask(
        DuplicateExperiment(experiment_id=experiment_id, name=wanted.name, config=wanted.config)
    )


@router.patch("/experiments/{experiment_id}", dependencies=[EDIT])
async def update_experiment(experiment_id: UUID, changes: ExperimentChanges, house: House) -> Experiment:
    return await house.ask(
        UpdateExperiment(experiment_id=experiment_id, name=changes.name, note=changes.note)
    )


@router.delete("/experiments/{experiment_id}", status_code=204, dependencies=[EDIT])
async def delete_experiment(experiment_id: UUID, house: House) -> None:
    await house.ask(DeleteExperiment(experiment_id=experiment_id))
