"""What the room hands to the process that reads a model from elsewhere, and what it gets back."""

from pathlib import Path

from libs.common.contracts.base import View
from libs.common.contracts.models import ForeignModel
from libs.common.contracts.packages import ModelCard


class ImportAssignment(View):
    file: Path
    filename: str
    model: ForeignModel
    directory: Path
    cpu_seconds: int


class ImportOutcome(View):
    file: Path
    sha256: str
    size_bytes: int
    card: ModelCard
