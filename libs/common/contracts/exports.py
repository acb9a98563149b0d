"""Exports: files made from a checkpoint, each with the proof that nothing changed."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from libs.common.contracts.base import Chain, Fact, JobSpec, Page, PageQuery, Request, View
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.reports import ParityReport


class ExportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExportFormat(StrEnum):
    ONNX = "onnx"


class ModelFile(View):
    """An immutable file in the object store."""

    key: str
    size_bytes: int
    sha256: str


class Export(View):
    id: UUID
    run_id: UUID
    project_id: UUID
    task: str
    format: ExportFormat
    state: ExportState
    job_id: UUID | None
    file: ModelFile | None = None
    parity: ParityReport | None = None
    model: str | None = None
    model_version: int | None = None
    error_code: str | None = None
    error_detail: str | None = None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None = None


class Download(View):
    """A short-lived link to the bytes and the name to save them under."""

    url: str
    filename: str
    size_bytes: int
    sha256: str


class CreateExport(Request[Export], subject="svc.exporter.export.create"):
    model: Evaluable
    format: ExportFormat = ExportFormat.ONNX
    then: Chain = ()


class GetExport(Request[Export], subject="svc.exporter.export.get"):
    export_id: UUID


class ListExports(Request[Page[Export]], subject="svc.exporter.export.list"):
    run_id: UUID | None = None
    query: PageQuery = PageQuery()


class GetDownload(Request[Download], subject="svc.exporter.export.download"):
    export_id: UUID


class ExportModel(JobSpec, kind="run.export", needs_device=True):
    export_id: UUID
    model: Evaluable
    format: ExportFormat
    then: Chain = ()


class ExportCompleted(Fact, noun="export", past="completed"):
    """Also says under which name and version the registry holds the model now."""

    export_id: UUID
    run_id: UUID
    source: Evaluable
    format: ExportFormat
    file: ModelFile
    card: ModelCard
    parity: ParityReport
    model: str
    model_version: int
    then: Chain = ()


class ExportFailed(Fact, noun="export", past="failed"):
    export_id: UUID
    run_id: UUID
    code: str
    detail: str
