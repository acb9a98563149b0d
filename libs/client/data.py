"""Projects, datasets, samples and splits of the SDK."""

import time
from collections.abc import Callable, Iterator
from uuid import UUID

from libs.client.transport import Transport
from libs.common.contracts.base import Page
from libs.common.contracts.datasets import (
    Dataset,
    DatasetSource,
    DatasetStats,
    DatasetStatus,
    DatasetVersion,
    ImportReport,
    UploadSource,
)
from libs.common.contracts.jobs import Job
from libs.common.contracts.projects import Project
from libs.common.contracts.samples import Sample
from libs.common.contracts.splits import RatioSplit, Split, SplitPreview
from libs.common.errors import Conflict, TimedOut


class DatasetFailed(Conflict):
    code, title = "dataset_failed", "The import failed"


class Projects:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, task: str, description: str = "") -> Project:
        body = {"name": name, "task": task, "description": description}
        return self._transport.post(Project, "/v1/projects", body)

    def list(self) -> Iterator[Project]:
        return self._transport.pages(Project, "/v1/projects")

    def get(self, project_id: UUID) -> Project:
        return self._transport.get(Project, f"/v1/projects/{project_id}")

    def update(self, project_id: UUID, **changes: str) -> Project:
        return self._transport.call(Project, "PATCH", f"/v1/projects/{project_id}", body=changes)

    def delete(self, project_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/projects/{project_id}")


class Datasets:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, project_id: UUID, name: str, source: DatasetSource | UUID, format: str | None = None
    ) -> Dataset:
        """Starts the import; `source` may be the id of a completed upload."""
        given = UploadSource(upload_id=source) if isinstance(source, UUID) else source
        body = {"name": name, "source": given.model_dump(mode="json"), "format": format}
        return self._transport.post(Dataset, f"/v1/projects/{project_id}/datasets", body)

    def list(self, project_id: UUID) -> Iterator[Dataset]:
        return self._transport.pages(Dataset, f"/v1/projects/{project_id}/datasets")

    def get(self, dataset_id: UUID) -> Dataset:
        return self._transport.get(Dataset, f"/v1/datasets/{dataset_id}")

    def rename(self, dataset_id: UUID, name: str) -> Dataset:
        return self._transport.call(Dataset, "PATCH", f"/v1/datasets/{dataset_id}", body={"name": name})

    def delete(self, dataset_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/datasets/{dataset_id}")

    def wait(
        self,
        dataset_id: UUID,
        *,
        timeout_seconds: float = 3600,
        on_progress: Callable[[float, str], None] | None = None,
    ) -> Dataset:
        """Until the import ended; a failed one raises with its own code and words."""
        deadline = time.monotonic() + timeout_seconds
        while (dataset := self.get(dataset_id)).status in (DatasetStatus.IMPORTING, DatasetStatus.PREPARING):
            if time.monotonic() > deadline:
                raise TimedOut(f"dataset {dataset.name} is still {dataset.status}")
            if on_progress and dataset.job_id:
                job = self._transport.get(Job, f"/v1/jobs/{dataset.job_id}")
                on_progress(job.progress, job.message)
            time.sleep(0.2)
        if dataset.status is DatasetStatus.FAILED:
            raise DatasetFailed(f"{dataset.error_code}: {dataset.error_detail}")
        return dataset

    def report(self, dataset_id: UUID, cursor: str | None = None) -> ImportReport:
        return self._transport.get(ImportReport, f"/v1/datasets/{dataset_id}/report", {"cursor": cursor})

    def stats(self, dataset_id: UUID) -> DatasetStats:
        return self._transport.get(DatasetStats, f"/v1/datasets/{dataset_id}/stats")

    def versions(self, dataset_id: UUID) -> Iterator[DatasetVersion]:
        return self._transport.pages(DatasetVersion, f"/v1/datasets/{dataset_id}/versions")


class Samples:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def page(
        self,
        dataset_id: UUID,
        *,
        label: str | None = None,
        split: UUID | None = None,
        subset: str | None = None,
        q: str | None = None,
        sort: str = "name",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Sample]:
        query = {"label": label, "split": split, "subset": subset, "q": q, "sort": sort}
        return self._transport.get(
            Page[Sample], f"/v1/datasets/{dataset_id}/samples", {**query, "limit": limit, "cursor": cursor}
        )

    def get(self, sample_id: UUID) -> Sample:
        return self._transport.get(Sample, f"/v1/samples/{sample_id}")

    def image(self, sample_id: UUID) -> bytes:
        return self._transport.send("GET", f"/v1/samples/{sample_id}/image").content

    def thumbnail(self, sample_id: UUID) -> bytes:
        return self._transport.send("GET", f"/v1/samples/{sample_id}/thumbnail").content


class Splits:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def preview(self, dataset_id: UUID, method: RatioSplit | None = None) -> SplitPreview:
        body = {"method": (method or RatioSplit()).model_dump()}
        return self._transport.post(SplitPreview, f"/v1/datasets/{dataset_id}/splits/preview", body)

    def create(self, dataset_id: UUID, name: str = "split", method: RatioSplit | None = None) -> Split:
        body = {"name": name, "method": (method or RatioSplit()).model_dump()}
        return self._transport.post(Split, f"/v1/datasets/{dataset_id}/splits", body)

    def list(self, dataset_id: UUID) -> Iterator[Split]:
        return self._transport.pages(Split, f"/v1/datasets/{dataset_id}/splits")

    def get(self, split_id: UUID) -> Split:
        return self._transport.get(Split, f"/v1/splits/{split_id}")
