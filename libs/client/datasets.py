"""Datasets of the SDK: what they are made of, their versions, and files written of them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from libs.client.downloads import Progress as BytesProgress
from libs.client.downloads import download
from libs.client.samples import spelled
from libs.client.transport import Transport
from libs.client.waiting import patiently
from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Page
from libs.common.contracts.dataset_exports import DatasetExport, DatasetExportState
from libs.common.contracts.datasets import Dataset, DatasetStatus
from libs.common.contracts.imports import (
    Detection,
    DetectionState,
    FormatDescription,
    FormatOptions,
    ImportReport,
)
from libs.common.contracts.jobs import Job
from libs.common.contracts.samples import Sample
from libs.common.contracts.sources import DatasetSource, UploadSource
from libs.common.contracts.versions import DatasetStats, DatasetVersion, VersionDiff
from libs.common.errors import Conflict, TimedOut

Progress = Callable[[float, str], None]
POLL_SECONDS = 0.2
WORKING = (DatasetStatus.IMPORTING, DatasetStatus.PREPARING)


class DatasetFailed(Conflict):
    code, title = "dataset_failed", "The import failed"


class DetectionFailed(Conflict):
    code, title = "detection_failed", "The source cannot be read"


class ExportFailed(Conflict):
    code, title = "dataset_export_failed", "The export failed"


class Datasets:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        project_id: UUID,
        name: str,
        source: DatasetSource | UUID,
        format: str | None = None,
        *,
        options: FormatOptions | None = None,
        is_raw: bool = False,
    ) -> Dataset:
        """Starts the import unless it stays raw; `source` may be the id of a completed upload."""
        body = {"name": name, "is_raw": is_raw, **_data(source, format, options)}
        return self._transport.post(Dataset, f"/v1/projects/{project_id}/datasets", body)

    def formats(self) -> tuple[FormatDescription, ...]:
        return self._transport.get(Page[FormatDescription], "/v1/datasets/formats").items

    def detect(
        self,
        source: DatasetSource | UUID,
        format: str | None = None,
        *,
        options: FormatOptions | None = None,
        is_thorough: bool = False,
    ) -> Detection:
        """Starts a look at the source; nothing is stored. `wait_for_detection` gives what it saw."""
        body = {"is_thorough": is_thorough, **_data(source, format, options)}
        return self._transport.post(Detection, "/v1/datasets/detect", body)

    def detection(self, detection_id: UUID, cursor: str | None = None) -> Detection:
        return self._transport.get(Detection, f"/v1/detections/{detection_id}", {"cursor": cursor})

    def wait_for_detection(
        self, detection_id: UUID, *, timeout_seconds: float = 3600, on_progress: Progress | None = None
    ) -> Detection:
        """Until the look is over; one that failed raises with its own code and words."""
        deadline = time.monotonic() + timeout_seconds
        while (
            seen := patiently(lambda: self.detection(detection_id), deadline)
        ).state is DetectionState.RUNNING:
            self._pause(seen.job_id, "the look at the source", deadline, on_progress)
        if seen.state is DetectionState.FAILED:
            raise DetectionFailed(f"{seen.error_code}: {seen.error_detail}")
        return seen

    def prepare(
        self, dataset_id: UUID, adapter: str | None = None, *, options: FormatOptions | None = None
    ) -> Dataset:
        """Imports a raw dataset, or one whose import failed."""
        body = {"adapter": adapter, "options": options.model_dump(mode="json") if options else None}
        return self._transport.post(Dataset, f"/v1/datasets/{dataset_id}/prepare", body)

    def add(
        self,
        dataset_id: UUID,
        source: DatasetSource | UUID,
        format: str | None = None,
        *,
        options: FormatOptions | None = None,
    ) -> Dataset:
        """More samples, which make a new version."""
        body = _data(source, format, options)
        return self._transport.post(Dataset, f"/v1/datasets/{dataset_id}/samples", body)

    def list(self, project_id: UUID) -> Iterator[Dataset]:
        return self._transport.pages(Dataset, f"/v1/projects/{project_id}/datasets")

    def get(self, dataset_id: UUID) -> Dataset:
        return self._transport.get(Dataset, f"/v1/datasets/{dataset_id}")

    def rename(self, dataset_id: UUID, name: str) -> Dataset:
        return self._transport.call(Dataset, "PATCH", f"/v1/datasets/{dataset_id}", body={"name": name})

    def delete(self, dataset_id: UUID) -> None:
        self._transport.call(None, "DELETE", f"/v1/datasets/{dataset_id}")

    def wait(
        self, dataset_id: UUID, *, timeout_seconds: float = 3600, on_progress: Progress | None = None
    ) -> Dataset:
        """Until nothing is at work on it; an import that failed raises with its own code and words."""
        deadline = time.monotonic() + timeout_seconds
        while (dataset := patiently(lambda: self.get(dataset_id), deadline)).is_adding or (
            dataset.status in WORKING
        ):
            assert dataset.job_id is not None
            self._pause(dataset.job_id, f"dataset {dataset.name}", deadline, on_progress)
        if dataset.error_code:
            raise DatasetFailed(f"{dataset.error_code}: {dataset.error_detail}")
        return dataset

    def report(
        self, dataset_id: UUID, cursor: str | None = None, *, report_id: UUID | None = None
    ) -> ImportReport:
        query = {"cursor": cursor, "report_id": report_id}
        return self._transport.get(ImportReport, f"/v1/datasets/{dataset_id}/report", query)

    def download_report(self, dataset_id: UUID) -> str:
        """Every problem as CSV."""
        return self._transport.send("GET", f"/v1/datasets/{dataset_id}/report/download").text

    def save_report(self, dataset_id: UUID, path: Path, *, report_id: UUID | None = None) -> Path:
        """The same as a file, however many there are."""
        query = {"report_id": report_id}
        return self._transport.save(f"/v1/datasets/{dataset_id}/report/download", path, query)

    def stats(self, dataset_id: UUID, version: int | None = None) -> DatasetStats:
        return self._transport.get(DatasetStats, f"/v1/datasets/{dataset_id}/stats", {"version": version})

    def preview(self, dataset_id: UUID, version: int | None = None) -> tuple[Sample, ...]:
        """Five samples, others each time."""
        query = {"version": version}
        return self._transport.get(Page[Sample], f"/v1/datasets/{dataset_id}/preview", query).items

    def versions(self, dataset_id: UUID) -> Iterator[DatasetVersion]:
        """Newest first."""
        return self._transport.pages(DatasetVersion, f"/v1/datasets/{dataset_id}/versions")

    def diff(
        self,
        dataset_id: UUID,
        version: int,
        against: int | None = None,
        *,
        change: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> VersionDiff:
        """What leads from `against` (else the version before) to `version`."""
        query = {"against": against, "change": change, "limit": limit, "cursor": cursor}
        return self._transport.get(VersionDiff, f"/v1/datasets/{dataset_id}/versions/{version}/diff", query)

    def restore(self, dataset_id: UUID, version: int) -> DatasetVersion:
        """A new version that holds what the old one held."""
        return self._transport.post(DatasetVersion, f"/v1/datasets/{dataset_id}/versions/{version}/restore")

    def edit(
        self,
        dataset_id: UUID,
        *,
        remove: Sequence[UUID] = (),
        annotations: Mapping[UUID, Sequence[Annotation]] | None = None,
        message: str = "",
    ) -> DatasetVersion:
        """Several changes that make one version."""
        changed = {str(sample): spelled(given) for sample, given in (annotations or {}).items()}
        body = {"remove": [str(sample) for sample in remove], "annotations": changed, "message": message}
        return self._transport.call(DatasetVersion, "PATCH", f"/v1/datasets/{dataset_id}/samples", body=body)

    def export(
        self, dataset_id: UUID, format: str, *, version: int | None = None, split_id: UUID | None = None
    ) -> DatasetExport:
        """Starts writing a ZIP; `wait_for_export` waits for it and `download_export` fetches it."""
        body = {"format": format, "version": version, "split_id": str(split_id) if split_id else None}
        return self._transport.post(DatasetExport, f"/v1/datasets/{dataset_id}/exports", body)

    def exports(self, dataset_id: UUID) -> Iterator[DatasetExport]:
        return self._transport.pages(DatasetExport, f"/v1/datasets/{dataset_id}/exports")

    def get_export(self, dataset_id: UUID, export_id: UUID, cursor: str | None = None) -> DatasetExport:
        """With what the format has no place for."""
        path = f"/v1/datasets/{dataset_id}/exports/{export_id}"
        return self._transport.get(DatasetExport, path, {"cursor": cursor})

    def wait_for_export(
        self,
        dataset_id: UUID,
        export_id: UUID,
        *,
        timeout_seconds: float = 3600,
        on_progress: Progress | None = None,
    ) -> DatasetExport:
        deadline = time.monotonic() + timeout_seconds
        read = partial(self.get_export, dataset_id, export_id)
        while (export := patiently(read, deadline)).state is DatasetExportState.RUNNING:
            self._pause(export.job_id, f"export {export.filename}", deadline, on_progress)
        if export.state is DatasetExportState.FAILED:
            raise ExportFailed(f"{export.error_code}: {export.error_detail}")
        return export

    def download_export(
        self, dataset_id: UUID, export_id: UUID, path: Path, *, progress: BytesProgress | None = None
    ) -> Path:
        """Appears when it is whole and has the SHA-256 that the export tells."""
        export = self.get_export(dataset_id, export_id)
        place = f"/v1/datasets/{dataset_id}/exports/{export_id}/download"
        return download(self._transport, place, path, sha256=export.sha256, progress=progress)

    def _pause(self, job_id: UUID, what: str, deadline: float, on_progress: Progress | None) -> None:
        if time.monotonic() > deadline:
            raise TimedOut(f"{what} is still at work")
        if on_progress:
            job = patiently(lambda: self._transport.get(Job, f"/v1/jobs/{job_id}"), deadline)
            on_progress(job.progress, job.message)
        time.sleep(POLL_SECONDS)


def _data(source: DatasetSource | UUID, format: str | None, options: FormatOptions | None) -> dict[str, Any]:
    given = UploadSource(upload_id=source) if isinstance(source, UUID) else source
    told = (options or FormatOptions()).model_dump(mode="json", exclude_defaults=True)
    return {"source": given.model_dump(mode="json"), "format": format, "options": told}
