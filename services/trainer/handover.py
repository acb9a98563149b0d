"""What a worker hands to the process that trains, and what it gets back while it does."""

from pathlib import Path
from uuid import UUID

from libs.common.contracts.base import View
from libs.common.contracts.experiments import TaskConfig
from libs.common.contracts.packages import DataSource
from libs.common.staging import LocalData


class Assignment(View):
    """The fields of `libs.tasks.training.TrainRequest`, for a process that has not loaded torch."""

    task: str
    config: TaskConfig
    classes: tuple[str, ...]
    data: LocalData
    directory: Path
    device: str
    resume: Path | None
    start_from: Path | None
    weights_cache: Path | None
    source: DataSource
    experiment_id: UUID
    run_id: UUID
    code_version: str


class WrittenCheckpoint(View):
    """Lies whole on the disk; who has stored it removes it there. `epoch` counts from 0.

    `is_kept` asks for a name of its own, `epoch-N` with N from 1, besides `best` and `last`.
    """

    epoch: int
    step: int
    is_best: bool
    package: Path
    resume: Path
    metrics: dict[str, float]
    is_kept: bool = False
