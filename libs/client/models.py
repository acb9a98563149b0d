"""The model registry of the SDK."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn
from uuid import UUID

from libs.client.downloads import Progress, download
from libs.client.transport import Transport
from libs.client.waiting import ENDED, until
from libs.common.contracts.jobs import Job, JobState
from libs.common.contracts.lineage import Lineage
from libs.common.contracts.models import ForeignModel, Model, ModelVersion
from libs.common.errors import Conflict

IMPORT = "model.import"
# Clocks of rooms and database, which write down when things happened.
CLOCKS = timedelta(seconds=5)


class ModelImportFailed(Conflict):
    code, title = "model_import_failed", "The file did not become a model"


class Models:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, name: str, export_id: UUID, *, note: str = "") -> ModelVersion:
        body = {"name": name, "export_id": str(export_id), "note": note}
        return self._transport.post(ModelVersion, "/v1/models", body)

    def import_file(
        self, name: str, project_id: UUID, upload_id: UUID, model: ForeignModel, *, note: str = ""
    ) -> Job:
        """An uploaded ONNX file as the next version of a model; `wait_for_import` gives that version."""
        body = {
            "name": name,
            "project_id": str(project_id),
            "upload_id": str(upload_id),
            "model": model.model_dump(mode="json"),
            "note": note,
        }
        return self._transport.post(Job, "/v1/models/imports", body)

    def imports(self, project: UUID | None = None) -> Iterator[Job]:
        """Newest first."""
        return self._transport.pages(Job, "/v1/jobs", {"project": project, "kind": IMPORT})

    def wait_for_import(self, name: str, job: Job, *, timeout_seconds: float = 600) -> ModelVersion:
        """Raises ModelImportFailed with what to do."""
        ended = until(
            lambda: self._transport.get(Job, f"/v1/jobs/{job.id}"),
            lambda it: it.state in ENDED,
            timeout_seconds,
            "the import",
        )
        if ended.state is not JobState.COMPLETED or ended.finished_at is None:
            _fail(ended)
        latest = ended.finished_at + CLOCKS
        return next(each for each in self.versions(name) if _was_uploaded(each) and each.created_at <= latest)

    def list(self, project: UUID | None = None) -> Iterator[Model]:
        return self._transport.pages(Model, "/v1/models", {"project": project})

    def get(self, name: str) -> Model:
        return self._transport.get(Model, f"/v1/models/{name}")

    def update(self, name: str, *, note: str) -> Model:
        return self._transport.call(Model, "PATCH", f"/v1/models/{name}", body={"note": note})

    def delete(self, name: str) -> None:
        """With its versions; exports stay."""
        self._transport.call(None, "DELETE", f"/v1/models/{name}")

    def versions(self, name: str) -> Iterator[ModelVersion]:
        return self._transport.pages(ModelVersion, f"/v1/models/{name}/versions")

    def version(self, name: str, version: int) -> ModelVersion:
        return self._transport.get(ModelVersion, _path(name, version))

    def update_version(self, name: str, version: int, *, note: str) -> ModelVersion:
        return self._transport.call(ModelVersion, "PATCH", _path(name, version), body={"note": note})

    def delete_version(self, name: str, version: int) -> None:
        self._transport.call(None, "DELETE", _path(name, version))

    def lineage(self, name: str, version: int) -> Lineage:
        """From datasets to deployments."""
        return self._transport.get(Lineage, f"{_path(name, version)}/lineage")

    def download(self, name: str, version: int, path: Path, *, progress: Progress | None = None) -> Path:
        """The ONNX file; its digest is compared."""
        sha256 = self.version(name, version).file.sha256
        return download(
            self._transport, f"{_path(name, version)}/download", path, sha256=sha256, progress=progress
        )

    def set_alias(self, name: str, alias: str, version: int) -> Model:
        path = f"/v1/models/{name}/aliases/{alias}"
        return self._transport.call(Model, "PUT", path, body={"version": version})

    def remove_alias(self, name: str, alias: str) -> Model:
        return self._transport.call(Model, "DELETE", f"/v1/models/{name}/aliases/{alias}")


def _path(name: str, version: int) -> str:
    return f"/v1/models/{name}/versions/{version}"


def _was_uploaded(version: ModelVersion) -> bool:
    return version.origin == "upload"


def _fail(job: Job) -> NoReturn:
    raise ModelImportFailed(job.error_detail or f"the import was {job.state}")
