"""One fact of every public type."""

from typing import Any

from libs.common.contracts.base import Fact
from libs.common.contracts.dataset_exports import DatasetExported
from libs.common.contracts.datasets import DatasetDeleted, DatasetFailed, DatasetReady
from libs.common.contracts.deployments import CanaryFailed, DeploymentFailed, ModelDeployed
from libs.common.contracts.evaluations import EvaluationCompleted, EvaluationFailed
from libs.common.contracts.exports import ExportCompleted, ExportFailed, ExportFormat
from libs.common.contracts.models import ModelAliased, ModelRegistered
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.run_facts import (
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunLost,
    RunResumed,
    RunStarted,
)
from libs.common.contracts.splits import SplitSaved
from libs.common.contracts.system import AlertCleared, AlertKind, AlertRaised, AlertSeverity
from libs.common.contracts.versions import DatasetVersioned
from libs.common.ids import new_id
from tests.factories import data_reference, evaluable, model_card, model_file, parity_report

ERROR = {"code": "broken", "detail": "It broke."}


def run_completed(**changes: Any) -> RunCompleted:
    fields: dict[str, Any] = {
        **_run(),
        "data": data_reference(),
        "package": "nowhere/package/",
        "metrics": {"accuracy": 0.98125},
        "duration_seconds": 12.4,
        "deployment": "first",
    }
    return RunCompleted(**fields | changes)


def one_of_each() -> tuple[Fact, ...]:
    return (*_of_data(), *_of_runs(), *_of_models(), *_of_nodes())


def _of_data() -> tuple[Fact, ...]:
    dataset: dict[str, Any] = {"project_id": new_id(), "dataset_id": new_id(), "name": "digits"}
    return (
        ProjectDeleted(project_id=new_id(), name="Post office"),
        DatasetReady(**dataset, version=1, num_samples=1797, classes=("zero", "one")),
        DatasetFailed(**dataset, **ERROR),
        DatasetVersioned(**dataset, version=2, num_samples=1790, message="7 removed"),
        DatasetExported(**dataset, export_id=new_id(), format="coco", version=2),
        DatasetDeleted(**dataset),
        SplitSaved(split_id=new_id(), dataset_id=new_id(), version=1, name="80/10/10"),
    )


def _of_runs() -> tuple[Fact, ...]:
    run = _run()
    evaluation: dict[str, Any] = {"evaluation_id": new_id()}
    return (
        RunStarted(**run, attempt=1),
        run_completed(),
        RunFailed(**run, **ERROR),
        RunCancelled(**run),
        RunLost(**run, attempt=1),
        RunResumed(**run, attempt=2, epoch=3),
        EvaluationCompleted(**evaluation, model=evaluable(), metrics={"accuracy": 1.0}),
        EvaluationFailed(**evaluation, run_id=new_id(), **ERROR),
    )


def _of_models() -> tuple[Fact, ...]:
    export: dict[str, Any] = {"export_id": new_id(), "run_id": new_id()}
    served: dict[str, Any] = {"deployment": "counter", "model": "digits", "version": 3}
    return (
        ExportCompleted(
            **export,
            source=evaluable(),
            format=ExportFormat.ONNX,
            file=model_file(export["export_id"]),
            card=model_card(),
            parity=parity_report(),
            model="digits",
            model_version=3,
        ),
        ExportCompleted(
            **export,
            source=evaluable(),
            format=ExportFormat.OPENVINO,
            file=model_file(export["export_id"]),
            card=model_card(),
            parity=parity_report(),
        ),
        ExportFailed(**export, **ERROR),
        ModelRegistered(**export, model="digits", version=3),
        ModelRegistered(run_id=None, export_id=None, model="foreign", version=1),
        ModelAliased(model="digits", alias="champion", version=3),
        ModelAliased(model="digits", alias="champion", version=None),
        ModelDeployed(**served),
        DeploymentFailed(**served, detail="Triton refused it."),
        CanaryFailed(**served, detail="Triton refused it."),
    )


def _of_nodes() -> tuple[Fact, ...]:
    alert: dict[str, Any] = {
        "alert_id": new_id(),
        "node": "attic",
        "part": "gpu0",
        "kind": AlertKind.TEMPERATURE,
        "message": "gpu0 (NVIDIA T4) is 86 °C hot",
    }
    return (
        AlertRaised(**alert, severity=AlertSeverity.WARNING),
        AlertCleared(**alert, duration_seconds=75.0),
    )


def _run() -> dict[str, Any]:
    return {"run_id": new_id(), "experiment_id": new_id(), "name": "First run", "task": "sorting"}
