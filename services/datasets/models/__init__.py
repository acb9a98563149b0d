"""Tables of the datasets room, by what they are about."""

from services.datasets.models.datasets import DatasetRow, ProjectRow, TrashRow, VersionRow
from services.datasets.models.exports import DatasetExportRow
from services.datasets.models.imports import DetectionRow, ProblemRow, ReportRow, StagedChunkRow, UploadRow
from services.datasets.models.model import NAME, Model
from services.datasets.models.samples import NameBlockRow, SampleLabelRow, SampleRow, ShardRow
from services.datasets.models.splits import AssignmentRow, CombinationRow, SplitRow

__all__ = [
    "NAME",
    "AssignmentRow",
    "CombinationRow",
    "DatasetExportRow",
    "DatasetRow",
    "DetectionRow",
    "Model",
    "NameBlockRow",
    "ProblemRow",
    "ProjectRow",
    "ReportRow",
    "SampleLabelRow",
    "SampleRow",
    "ShardRow",
    "SplitRow",
    "StagedChunkRow",
    "TrashRow",
    "UploadRow",
    "VersionRow",
]
