"""Exports: files made from a checkpoint, each with the proof that nothing changed."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from libs.common.contracts.base import Chain, Fact, Gone, JobSpec, Page, PageQuery, Request, View, Within
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.packages import DataSource, ModelCard
from libs.common.contracts.reports import ParityReport

MetricTolerance = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
# As its exporter is called; packages may bring others than ours.
FormatName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class ExportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExportFormat(StrEnum):
    """Our own formats."""

    ONNX = "onnx"
    TORCHSCRIPT = "torchscript"
    TORCH_EXPORT = "torch_export"
    OPENVINO = "openvino"
    TENSORRT = "tensorrt"


class Precision(StrEnum):
    """Of the numbers inside the file. INT8 is calibrated on samples of the train subset."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


class ExportOption(View):
    """A format and precision that can be asked for; `reason` says why this installation cannot make it.

    `is_served` is what deployments take. `metric_tolerance` is the default of what the metric may lose.
    """

    format: FormatName
    precision: Precision
    title: str
    suffix: str
    is_served: bool
    metric_tolerance: float
    reason: str | None = None


class ModelFile(View):
    """An immutable file in the object store."""

    key: str
    size_bytes: int
    sha256: str


class Export(View):
    """`filename` is what its file is saved under."""

    id: UUID
    run_id: UUID
    run_name: str
    project_id: UUID
    task: str
    checkpoint: str
    format: FormatName
    precision: Precision
    metric_tolerance: float | None = None
    state: ExportState
    job_id: UUID | None
    file: ModelFile | None = None
    filename: str | None = None
    parity: ParityReport | None = None
    model: str | None = None
    model_version: int | None = None
    error_code: str | None = None
    error_detail: str | None = None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None = None


class Certificate(View):
    """That a file answers like the checkpoint it was made of, or that it was refused; fit to be kept."""

    export_id: UUID
    run_id: UUID
    run_name: str
    checkpoint: str
    task: str
    format: FormatName
    precision: Precision
    data: DataSource
    sha256: str | None
    parity: ParityReport
    issued_at: AwareDatetime


class Download(View):
    """A short-lived link to the bytes and the name to save them under."""

    url: str
    filename: str
    size_bytes: int
    sha256: str


class CreateExport(Request[Export], subject="svc.exporter.export.create"):
    """`metric_tolerance` is what the task's metric may lose; None leaves it to format and precision."""

    model: Evaluable
    format: FormatName = ExportFormat.ONNX
    precision: Precision = Precision.FP32
    metric_tolerance: MetricTolerance | None = None
    then: Chain = ()


class ListExportOptions(Request[tuple[ExportOption, ...]], subject="svc.exporter.export.options"):
    pass


class DeleteExport(Request[Gone], subject="svc.exporter.export.delete"):
    """With its file; refused while a version of a model is this export."""

    export_id: UUID


class GetExport(Request[Export], subject="svc.exporter.export.get"):
    export_id: UUID


class GetCertificate(Request[Certificate], subject="svc.exporter.export.certificate"):
    """Of an export that was compared, passed or not."""

    export_id: UUID


class ListExports(Request[Page[Export]], subject="svc.exporter.export.list"):
    """Newest first."""

    run_id: UUID | None = None
    project_id: UUID | None = None
    within: Within = None
    query: PageQuery = PageQuery()


class GetDownload(Request[Download], subject="svc.exporter.export.download"):
    export_id: UUID


class ExportModel(JobSpec, kind="run.export", needs_device=True):
    export_id: UUID
    model: Evaluable
    format: FormatName
    precision: Precision = Precision.FP32
    metric_tolerance: float | None = None
    then: Chain = ()


class ExportCompleted(Fact, noun="export", past="completed", schema_version=3):
    """Says under which name and version the registry holds the model now, if deployments take this format."""

    export_id: UUID
    run_id: UUID
    source: Evaluable
    format: FormatName
    precision: Precision = Precision.FP32
    file: ModelFile
    card: ModelCard
    parity: ParityReport
    model: str | None = None
    model_version: int | None = None
    then: Chain = ()


class ExportFailed(Fact, noun="export", past="failed"):
    """No file was made of the run's model."""

    export_id: UUID
    run_id: UUID
    run_name: str = ""
    code: str
    detail: str
