"""Exports of the SDK."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from libs.client.downloads import download
from libs.client.transport import Transport
from libs.client.waiting import ENDED, until
from libs.common.contracts.exports import Export


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
        return until(lambda: self.get(export_id), lambda it: it.state in ENDED, timeout_seconds, "the export")

    def wait_for_run(self, run_id: UUID, *, timeout_seconds: float = 3600) -> Export:
        """The run's newest export, which may be still to come."""
        return until(
            lambda: next(self.list(run_id), None),
            lambda it: it.state in ENDED,
            timeout_seconds,
            "the export",
        )

    def download(self, export_id: UUID, path: Path) -> Path:
        return download(self._transport, f"/v1/exports/{export_id}/download", path)
