"""Evaluations, exports, models and deployments of the SDK."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from libs.client.downloads import download
from libs.client.transport import Transport
from libs.common.contracts.base import Page
from libs.common.contracts.deployments import (
    Deployment,
    DeploymentMetadata,
    DeploymentState,
    PredictionAnswer,
)
from libs.common.contracts.evaluations import Evaluation, EvaluationSummary
from libs.common.contracts.exports import Export
from libs.common.contracts.models import Model, ModelVersion
from libs.common.contracts.results import SampleResult
from libs.common.errors import NotFound, TimedOut

Thing = TypeVar("Thing")
_ENDED = ("completed", "failed", "cancelled")
POLL_SECONDS = 0.2


def _until(
    read: Callable[[], Thing | None], ended: Callable[[Thing], bool], timeout_seconds: float, what: str
) -> Thing:
    """What is not there yet (None) is waited for too."""
    deadline = time.monotonic() + timeout_seconds
    while (thing := read()) is None or not ended(thing):
        if time.monotonic() > deadline:
            raise TimedOut(f"{what} did not end in time" if thing else f"{what} did not begin in time")
        time.sleep(POLL_SECONDS)
    return thing


class Evaluations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, run_id: UUID, *, checkpoint: str = "best", subsets: Sequence[str] = ("test",)
    ) -> Evaluation:
        body = {"checkpoint": checkpoint, "subsets": list(subsets)}
        return self._transport.post(Evaluation, f"/v1/runs/{run_id}/evaluations", body)

    def list(self, run_id: UUID | None = None) -> Iterator[EvaluationSummary]:
        return self._transport.pages(EvaluationSummary, "/v1/evaluations", {"run": run_id})

    def get(self, evaluation_id: UUID) -> Evaluation:
        return self._transport.get(Evaluation, f"/v1/evaluations/{evaluation_id}")

    def wait(self, evaluation_id: UUID, *, timeout_seconds: float = 3600) -> Evaluation:
        return _until(
            lambda: self.get(evaluation_id), lambda it: it.state in _ENDED, timeout_seconds, "the evaluation"
        )

    def wait_for_run(self, run_id: UUID, *, timeout_seconds: float = 3600) -> Evaluation:
        """The run's newest evaluation, which may be still to come."""
        ended = _until(
            lambda: next(self.list(run_id), None),
            lambda it: it.state in _ENDED,
            timeout_seconds,
            "the evaluation",
        )
        return self.get(ended.id)

    def samples(
        self,
        evaluation_id: UUID,
        *,
        correct: bool | None = None,
        sort: str = "score",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[SampleResult]:
        query = {"correct": correct, "sort": sort, "limit": limit, "cursor": cursor}
        return self._transport.get(Page[SampleResult], f"/v1/evaluations/{evaluation_id}/samples", query)

    def delete(self, evaluation_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/evaluations/{evaluation_id}")


class Exports:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, run_id: UUID, *, checkpoint: str = "best", format: str = "onnx") -> Export:
        body = {"checkpoint": checkpoint, "format": format}
        return self._transport.post(Export, f"/v1/runs/{run_id}/exports", body)

    def list(self, run_id: UUID | None = None) -> Iterator[Export]:
        return self._transport.pages(Export, "/v1/exports", {"run": run_id})

    def get(self, export_id: UUID) -> Export:
        return self._transport.get(Export, f"/v1/exports/{export_id}")

    def wait(self, export_id: UUID, *, timeout_seconds: float = 3600) -> Export:
        return _until(
            lambda: self.get(export_id), lambda it: it.state in _ENDED, timeout_seconds, "the export"
        )

    def wait_for_run(self, run_id: UUID, *, timeout_seconds: float = 3600) -> Export:
        """The run's newest export, which may be still to come."""
        return _until(
            lambda: next(self.list(run_id), None),
            lambda it: it.state in _ENDED,
            timeout_seconds,
            "the export",
        )

    def download(self, export_id: UUID, path: Path) -> Path:
        return download(self._transport, f"/v1/exports/{export_id}/download", path)


class Models:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, name: str, export_id: UUID) -> ModelVersion:
        return self._transport.post(ModelVersion, "/v1/models", {"name": name, "export_id": str(export_id)})

    def list(self, project: UUID | None = None) -> Iterator[Model]:
        return self._transport.pages(Model, "/v1/models", {"project": project})

    def get(self, name: str) -> Model:
        return self._transport.get(Model, f"/v1/models/{name}")

    def versions(self, name: str) -> Iterator[ModelVersion]:
        return self._transport.pages(ModelVersion, f"/v1/models/{name}/versions")

    def set_alias(self, name: str, alias: str, version: int) -> Model:
        path = f"/v1/models/{name}/aliases/{alias}"
        return self._transport.call(Model, "PUT", path, body={"version": version})


class Deployments:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, name: str, model: str, *, version: int | None = None, alias: str | None = None
    ) -> Deployment:
        body = {"name": name, "model": model, "version": version, "alias": alias}
        return self._transport.post(Deployment, "/v1/deployments", body)

    def list(self, project: UUID | None = None) -> Iterator[Deployment]:
        return self._transport.pages(Deployment, "/v1/deployments", {"project": project})

    def get(self, name: str) -> Deployment:
        return self._transport.get(Deployment, f"/v1/deployments/{name}")

    def wait(
        self,
        name: str,
        *,
        model: str | None = None,
        version: int | None = None,
        timeout_seconds: float = 120,
    ) -> Deployment:
        """Until it serves what it should (or this model and version) or failed to; it may be to come."""

        def ended(it: Deployment) -> bool:
            wanted = (model or it.model, version or it.desired_version)
            is_wanted = (it.model, it.desired_version) == wanted
            serves = it.state is DeploymentState.READY and it.serving_version == it.desired_version
            return is_wanted and (serves or it.state is DeploymentState.FAILED)

        return _until(lambda: self._find(name), ended, timeout_seconds, f"deployment {name}")

    def _find(self, name: str) -> Deployment | None:
        try:
            return self.get(name)
        except NotFound:
            return None

    def roll_back(self, name: str) -> Deployment:
        return self._transport.post(Deployment, f"/v1/deployments/{name}/rollback")

    def delete(self, name: str) -> None:
        self._transport.call(None, "DELETE", f"/v1/deployments/{name}")

    def metadata(self, name: str) -> DeploymentMetadata:
        return self._transport.get(DeploymentMetadata, f"/v1/deployments/{name}/metadata")

    def predict(self, name: str, *images: bytes) -> PredictionAnswer:
        """Encoded image files (JPEG, PNG …); the predictions come in the same order."""
        path = f"/v1/deployments/{name}/predict"
        if len(images) == 1:
            headers = {"Content-Type": "application/octet-stream"}
            return self._transport.call(PredictionAnswer, "POST", path, headers=headers, content=images[0])
        files = [("images", (f"{row}.img", image)) for row, image in enumerate(images)]
        return self._transport.call(PredictionAnswer, "POST", path, files=files)
