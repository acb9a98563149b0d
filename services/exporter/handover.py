"""What the room hands to the process that exports, and what it gets back, as files in the job's folder."""

from pathlib import Path

from libs.common.contracts.base import View
from libs.common.contracts.exports import FormatName, Precision
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.reports import ParityReport
from libs.common.staging import LocalModel


class Assignment(View):
    model: LocalModel
    subset: str
    format: FormatName
    precision: Precision = Precision.FP32
    metric_tolerance: float | None = None
    provenance: dict[str, str]
    device: str
    directory: Path


class Outcome(View):
    file: Path
    suffix: str
    sha256: str
    size_bytes: int
    card: ModelCard
    parity: ParityReport
