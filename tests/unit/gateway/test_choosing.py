"""Which deployment, run and export are meant where little is named."""

from typing import Any, cast
from uuid import UUID

import pytest

from libs.common.contracts.base import Page, now
from libs.common.contracts.deployments import Deployment, DeploymentState, ListDeployments
from libs.common.contracts.experiments import Experiment, GetExperiment
from libs.common.contracts.exports import Export, ExportState, ListExports
from libs.common.contracts.measurements import MetricSummary
from libs.common.contracts.models import GetModelVersion, ModelVersion
from libs.common.contracts.runs import ListRuns, Run
from libs.common.ids import new_id
from services.gateway.choosing import (
    DeploymentIsNotNamed,
    ExperimentHasNoResult,
    NothingIsDeployed,
    best_model,
    deployment_meant,
)
from services.gateway.doors import Doors
from tests.factories import data_reference

EXPERIMENT = Experiment.model_validate(
    {"id": new_id(), "project_id": new_id(), "name": "shapes", "task": "classification", "num_runs": 2}
    | {"config": {"mode": "single"}, "data": data_reference(), "created_at": now(), "updated_at": now()}
)


class Rooms:
    """Answer with what is there."""

    def __init__(self, *answers: tuple[type, Any]) -> None:
        self._answers = dict(answers)
        self.asked: list[Any] = []

    async def ask(self, request: Any, **_: object) -> Any:
        self.asked.append(request)
        return self._answers[type(request)]


def house(*answers: tuple[type, Any]) -> Doors:
    return cast(Doors, Rooms(*answers))


def deployments(*names: str) -> tuple[type, Page[Deployment]]:
    fields = {"project_id": new_id(), "task": "classification", "model": "m", "desired_version": 1}
    fields |= {"serving_version": 1, "state": DeploymentState.READY, "classes": ("a",)}
    times = {"created_at": now(), "updated_at": now()}
    return ListDeployments, Page(
        items=tuple(Deployment.model_validate({"name": name, **fields, **times}) for name in names)
    )


def run(name: str, accuracy: float | None) -> Run:
    summary = [
        MetricSummary(key=key, last=value, best=value, best_step=1, last_step=1)
        for key, value in (("loss", 9.0), ("accuracy", accuracy))
        if value is not None
    ]
    return Run.model_validate(
        {"id": new_id(), "experiment_id": EXPERIMENT.id, "project_id": EXPERIMENT.project_id, "name": name}
        | {"task": "classification", "state": "completed", "attempt": 1, "then": (), "config": {}}
        | {"data": data_reference(), "job_id": new_id(), "summary": summary, "created_at": now()}
    )


def export(run_id: UUID, **changes: object) -> Export:
    fields = {"run_name": "r", "project_id": EXPERIMENT.project_id, "task": "classification", "job_id": None}
    fields |= {"checkpoint": "best", "format": "onnx", "precision": "fp32", "state": ExportState.COMPLETED}
    fields |= {"model": "shapes", "model_version": 3, "created_at": now()}
    return Export.model_validate({"id": new_id(), "run_id": run_id, **fields, **changes})


def rooms(runs: list[Run], exports: list[Export]) -> Rooms:
    return Rooms(
        (GetExperiment, EXPERIMENT),
        (ListRuns, Page(items=tuple(runs))),
        (ListExports, Page(items=tuple(exports))),
        (GetModelVersion, cast(ModelVersion, "the version")),
    )


async def test_a_deployment_that_is_named_is_meant():
    assert await deployment_meant(house(), "pets") == "pets"


async def test_the_only_one_is_meant_and_of_several_none():
    assert await deployment_meant(house(deployments("pets")), None) == "pets"
    with pytest.raises(DeploymentIsNotNamed, match="cars, pets"):
        await deployment_meant(house(deployments("cars", "pets")), None)
    with pytest.raises(NothingIsDeployed):
        await deployment_meant(house(deployments()), None)


async def test_the_newest_served_export_of_the_best_run_is_taken():
    worse, best, unmeasured = run("worse", 0.5), run("best", 0.9), run("unmeasured", None)
    exports = [
        export(best.id, format="openvino", model=None, model_version=None),
        export(best.id, state=ExportState.FAILED),
        export(best.id, model_version=4),
        export(best.id, model_version=3),
    ]
    asked = rooms([worse, best, unmeasured], exports)

    assert await best_model(cast(Doors, asked), EXPERIMENT.id) == "the version"
    assert [each.run_id for each in asked.asked if isinstance(each, ListExports)] == [best.id]
    assert asked.asked[-1] == GetModelVersion(name="shapes", version=4)


async def test_what_is_missing_is_named():
    with pytest.raises(ExperimentHasNoResult, match="no run of shapes is completed"):
        await best_model(cast(Doors, rooms([], [])), EXPERIMENT.id)
    only = run("only", 0.5)
    with pytest.raises(ExperimentHasNoResult, match="no completed ONNX export"):
        await best_model(cast(Doors, rooms([only], [])), EXPERIMENT.id)
