"""Experiments: a configuration to be run, any number of times."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from libs.common.contracts.base import Gone, Name, Page, PageQuery, Request, View, Within
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.projects import TaskId

# The run's science: validated against the task's own schema, stored and carried whole.
TaskConfig = dict[str, Any]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
# `best`: the best first, in the sense of each task's primary metric; what has measured none comes last.
ExperimentSort = Literal["-created", "created", "name", "-name", "best", "-updated", "updated"]
LastState = Literal[
    "not_run", "queued", "preparing", "running", "stopping", "completed", "failed", "cancelled", "lost"
]


class BestMetric(View):
    """The best that any run has reached of the task's primary metric."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    key: str
    value: float
    run_id: UUID


class ExperimentSummary(View):
    """A row of a list: what it is, and how it stands.

    `updated_at` is when it was last changed or run, `last_run_at` when its last run ended, else began.
    """

    id: UUID
    project_id: UUID
    name: str
    note: str = ""
    task: str
    dataset_names: tuple[str, ...] = ()
    num_runs: int
    last_run_id: UUID | None = None
    last_run_state: str | None = None
    last_run_at: AwareDatetime | None = None
    best: BestMetric | None = None
    created_by: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class Experiment(ExperimentSummary):
    config: TaskConfig
    data: DataReference


class CreateExperiment(Request[Experiment], subject="svc.trainer.experiment.create"):
    project_id: UUID
    name: Name
    note: Note = ""
    task: TaskId
    data: DataReference
    preset: Annotated[str, StringConstraints(max_length=40)] | None = None
    config: TaskConfig = Field(default={}, description="Knobs that differ from the preset or the defaults.")


class DuplicateExperiment(Request[Experiment], subject="svc.trainer.experiment.duplicate"):
    """Another experiment of the same data and config, except for what `config` says otherwise."""

    experiment_id: UUID
    name: Name | None = Field(default=None, description="Default: that of the first, and `copy`.")
    config: TaskConfig = {}


class GetExperiment(Request[Experiment], subject="svc.trainer.experiment.get"):
    experiment_id: UUID


class ExperimentFilter(View):
    """`text` is a part of the name, the note or a dataset's name, in any case."""

    project_id: UUID | None = None
    task: TaskId | None = None
    state: LastState | None = None
    text: Annotated[str, StringConstraints(max_length=200)] | None = None


class ListExperiments(Request[Page[ExperimentSummary]], subject="svc.trainer.experiment.list"):
    filter: ExperimentFilter = ExperimentFilter()
    sort: ExperimentSort = "-created"
    within: Within = None
    query: PageQuery = PageQuery()


class UpdateExperiment(Request[Experiment], subject="svc.trainer.experiment.update"):
    """What is None stays."""

    experiment_id: UUID
    name: Name | None = None
    note: Note | None = None


class DeleteExperiment(Request[Gone], subject="svc.trainer.experiment.delete"):
    """Refused while a run of it is not finished."""

    experiment_id: UUID
