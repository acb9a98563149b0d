"""Experiments: a configuration to be run, any number of times."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Gone, Name, Page, PageQuery, Request, View
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.projects import TaskId

# The run's science: validated against the task's own schema, stored and carried whole.
TaskConfig = dict[str, Any]


class Experiment(View):
    id: UUID
    project_id: UUID
    name: str
    task: str
    config: TaskConfig
    data: DataReference
    num_runs: int
    last_run_id: UUID | None = None
    last_run_state: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class CreateExperiment(Request[Experiment], subject="svc.trainer.experiment.create"):
    project_id: UUID
    name: Name
    task: TaskId
    data: DataReference
    preset: Annotated[str, StringConstraints(max_length=40)] | None = None
    config: TaskConfig = Field(default={}, description="Knobs that differ from the preset or the defaults.")


class GetExperiment(Request[Experiment], subject="svc.trainer.experiment.get"):
    experiment_id: UUID


class ListExperiments(Request[Page[Experiment]], subject="svc.trainer.experiment.list"):
    project_id: UUID
    query: PageQuery = PageQuery()


class UpdateExperiment(Request[Experiment], subject="svc.trainer.experiment.update"):
    experiment_id: UUID
    name: Name


class DeleteExperiment(Request[Gone], subject="svc.trainer.experiment.delete"):
    """Refused while a run of it is not finished."""

    experiment_id: UUID
