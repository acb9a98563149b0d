"""What a training is asked for, and what it answers; loads no torch."""

from pathlib import Path
from typing import Any
from uuid import UUID

from libs.common.contracts.base import View
from libs.common.contracts.packages import DataSource
from libs.common.staging import LocalData


class TrainRequest(View):
    """`resume` is the `CheckpointFiles.resume` of an earlier attempt.

    `start_from` is a model package whose weights a training begins with; a resumed one has its own.
    `weights_cache` keeps pretrained weights; without it the libraries' own folders do.
    """

    task: str
    config: dict[str, Any]
    classes: tuple[str, ...]
    data: LocalData
    directory: Path
    device: str = "cpu"
    train_subset: str = "train"
    val_subset: str = "val"
    resume: Path | None = None
    start_from: Path | None = None
    weights_cache: Path | None = None
    source: DataSource | None = None
    experiment_id: UUID | None = None
    run_id: UUID | None = None
    code_version: str = "unknown"


class TrainResult(View):
    """`batch_size` and `accumulate_batches` are those of the last step: memory may have been too small for
    what was asked."""

    num_epochs: int
    num_steps: int
    metrics: dict[str, float]
    is_stopped: bool
    batch_size: int
    accumulate_batches: int
