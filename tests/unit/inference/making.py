"""Versions and what is served of them, with defaults for all that does not matter there."""

from typing import Any

from libs.common.contracts.base import now
from libs.common.contracts.exports import ModelFile
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.common.ids import new_id
from libs.tasks import registry
from services.inference.served import Served


def card(**changes: Any) -> ModelCard:
    fields: dict[str, Any] = {
        "task": "classification",
        "task_version": "1",
        "architecture": "simple_cnn",
        "classes": ("cat", "dog"),
        "input": ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1)),
        "config": {},
        "seed": 0,
        "code_version": "0",
        "created_at": now(),
    }
    return ModelCard(**fields | changes)


def version(number: int = 1, model: str = "pets", **changes: Any) -> ModelVersion:
    fields: dict[str, Any] = {
        "model": model,
        "version": number,
        "run_id": None,
        "export_id": None,
        "project_id": new_id(),
        "task": "classification",
        "file": ModelFile(key="exports/a.onnx", size_bytes=1, sha256="0"),
        "card": card(),
        "parity": None,
        "created_at": now(),
    }
    return ModelVersion(**fields | changes)


def served(number: int, triton_model: str = "pets") -> Served:
    codec = registry.task("classification").load_codec()
    return Served(triton_model, number, version(number), card(), codec, 64)
