"""What tests are about, with defaults for all that does not matter there."""

from typing import Any
from uuid import UUID

from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.base import now
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.exports import ModelFile
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.common.contracts.predictions import ClassPrediction, ScoredLabel
from libs.common.contracts.reports import ParityReport
from libs.common.contracts.results import SampleResult
from libs.common.ids import new_id


def data_reference(**changes: Any) -> DataReference:
    fields: dict[str, Any] = {
        "project_id": new_id(),
        "dataset_id": new_id(),
        "dataset_name": "digits",
        "version": 1,
        "split_id": new_id(),
        "manifest": "nowhere/manifest.parquet",
        "shards": (),
        "classes": ("cat", "dog"),
        "subset_counts": {"train": 8, "val": 1, "test": 4},
    }
    return DataReference(**fields | changes)


def evaluable(data: DataReference | None = None, **changes: Any) -> Evaluable:
    data = data or data_reference()
    fields: dict[str, Any] = {
        "run_id": new_id(),
        "run_name": "First run",
        "experiment_id": new_id(),
        "project_id": data.project_id,
        "task": "sorting",
        "package": "nowhere/package/",
        "data": data,
    }
    return Evaluable(**fields | changes)


def sample_result(
    name: str = "a.png", truth: str = "cat", guess: str = "cat", **changes: Any
) -> SampleResult:
    fields: dict[str, Any] = {
        "sample_id": new_id(),
        "name": name,
        "subset": "test",
        "correct": truth == guess,
        "score": 0.5,
        "loss": 0.7,
        "truth": (LabelAnnotation(label=truth),),
        "prediction": ClassPrediction(label=guess, score=0.9, scores=(ScoredLabel(label=guess, score=0.9),)),
    }
    return SampleResult(**fields | changes)


def model_card(**changes: Any) -> ModelCard:
    fields: dict[str, Any] = {
        "task": "sorting",
        "task_version": "1",
        "architecture": "tiny",
        "classes": ("cat", "dog"),
        "input": ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1)),
        "config": {},
        "seed": 0,
        "code_version": "0",
        "created_at": now(),
    }
    return ModelCard(**fields | changes)


def parity_report(**changes: Any) -> ParityReport:
    fields: dict[str, Any] = {
        "num_samples": 4,
        "max_abs_difference": 1e-6,
        "tolerance": 1e-4,
        "metric": "accuracy",
        "metric_pytorch": 1.0,
        "metric_exported": 1.0,
        "metric_tolerance": 0.0,
        "passed": True,
    }
    return ParityReport(**fields | changes)


def model_file(export_id: UUID) -> ModelFile:
    return ModelFile(key=f"exports/{export_id}/abc.onnx", size_bytes=10, sha256="abc")
