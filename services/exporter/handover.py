"""What the room hands to the process that exports, and what it gets back, as files in the job's folder."""

from pathlib import Path

from libs.common.contracts.base import View
from libs.common.contracts.exports import ExportFormat
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.reports import ParityReport
from libs.common.staging import LocalModel


class Assignment(View):
    model: LocalModel
    subset: str
    format: ExportFormat
    provenance: dict[str, str]
    device: str
    directory: Path


class Outcome(View):
    file: Path
    sha256: str
    size_bytes: int
    card: ModelCard
    parity: ParityReport
