"""Exports of the SDK."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from libs.client.downloads import Progress, download
from libs.client.transport import Transport
from libs.client.waiting import ENDED, until, watched
from libs.common.contracts.base import Page
from libs.common.contracts.exports import Certificate, Export, ExportOption
from libs.common.contracts.jobs import Job


class Exports:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def formats(self) -> tuple[ExportOption, ...]:
        """What can be exported to, and of what cannot the reason."""
        return self._transport.get(Page[ExportOption], "/v1/exports/formats").items

    def create(
        self,
        run_id: UUID,
        *,
        checkpoint: str = "best",
        format: str = "onnx",
        precision: str = "fp32",
        metric_tolerance: float | None = None,
    ) -> Export:
        """`metric_tolerance` is what the task's metric may lose; each format and precision has its own."""
        body = {
            "checkpoint": checkpoint,
            "format": format,
            "precision": precision,
            "metric_tolerance": metric_tolerance,
        }
        return self._transport.post(Export, f"/v1/runs/{run_id}/exports", body)

    def list(self, run_id: UUID | None = None, *, project: UUID | None = None) -> Iterator[Export]:
        return self._transport.pages(Export, "/v1/exports", {"run": run_id, "project": project})

    def get(self, export_id: UUID) -> Export:
        return self._transport.get(Export, f"/v1/exports/{export_id}")

    def certificate(self, export_id: UUID) -> Certificate:
        return self._transport.get(Certificate, f"/v1/exports/{export_id}/certificate")

    def wait(self, export_id: UUID, *, timeout_seconds: float = 3600) -> Export:
        return until(lambda: self.get(export_id), lambda it: it.state in ENDED, timeout_seconds, "the export")

    def watch(
        self, export_id: UUID, *, timeout_seconds: float = 86400, every_seconds: float = 0.5
    ) -> Iterator[tuple[Export, Job | None]]:
        """Again and again with how far its job is, until it has ended."""
        for found in watched(lambda: self.get(export_id), timeout_seconds, every_seconds, "the export"):
            yield found, self.job(found)

    def job(self, export: Export) -> Job | None:
        """That makes it."""
        return self._transport.get(Job, f"/v1/jobs/{export.job_id}") if export.job_id else None

    def wait_for_run(self, run_id: UUID, *, timeout_seconds: float = 3600) -> Export:
        """The run's newest export, which may be still to come."""
        return until(
            lambda: next(self.list(run_id), None),
            lambda it: it.state in ENDED,
            timeout_seconds,
            "the export",
        )

    def download(self, export_id: UUID, path: Path, *, progress: Progress | None = None) -> Path:
        """To a file, or into a folder under the export's own name; its digest is compared."""
        export = self.get(export_id)
        if path.is_dir() and export.filename:
            path = path / export.filename
        sha256 = export.file.sha256 if export.file else None
        place = f"/v1/exports/{export_id}/download"
        return download(self._transport, place, path, sha256=sha256, progress=progress)

    def delete(self, export_id: UUID) -> None:
        """With its file; one that is under way is given up."""
        self._transport.call(None, "DELETE", f"/v1/exports/{export_id}")
