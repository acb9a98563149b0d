"""Tables of the trainer, by what they are about."""

from services.trainer.models.experiments import ExperimentRow, StandingRow
from services.trainer.models.house import SettingsRow, WorkerRow
from services.trainer.models.machines import AlertRow, NodeRow, ReadingRow, RunEnergyRow
from services.trainer.models.model import Model
from services.trainer.models.runs import AttemptRow, CheckpointRow, RunRow, SweepRow, TransitionRow
from services.trainer.models.telemetry import (
    LogFileRow,
    LogRow,
    PlaceRow,
    PointFileRow,
    PointRow,
    SeriesRow,
    StretchRow,
)

__all__ = [
    "AlertRow",
    "AttemptRow",
    "CheckpointRow",
    "ExperimentRow",
    "LogFileRow",
    "LogRow",
    "Model",
    "NodeRow",
    "PlaceRow",
    "PointFileRow",
    "PointRow",
    "ReadingRow",
    "RunEnergyRow",
    "RunRow",
    "SeriesRow",
    "SettingsRow",
    "StandingRow",
    "StretchRow",
    "SweepRow",
    "TransitionRow",
    "WorkerRow",
]
