"""Training any task: Lightning drives, the task says what is learned, the caller hears of everything.

It needs no server: a request, local files, and `TrainEvents` to tell what happens.
"""

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import lightning
import torch

from libs.common.contracts.base import View, now
from libs.common.contracts.packages import DataSource, ModelCard
from libs.common.errors import BadInput, ModelyardError
from libs.common.staging import LocalData
from libs.tasks import registry
from libs.tasks.config import TrainingConfig
from libs.tasks.data import Batches, EpochOrder, ImageDataset, make_batches
from libs.tasks.learning import TrainingModule
from libs.tasks.manifest import TaskManifest
from libs.tasks.predicting import torch_device
from libs.tasks.reading import SampleRecord, ShardReader, read_manifest
from libs.tasks.runtime import TaskRuntime
from libs.tasks.telling import StoppedInsideAnEpoch, Teller, TrainEvents


class SubsetIsEmpty(BadInput):
    code, title = "subset_empty", "There is nothing to train or validate on"


class OutOfMemory(ModelyardError):
    code, status, title = "out_of_memory", 422, "The device has too little memory"


class TrainRequest(View):
    """`resume` is the `CheckpointFiles.resume` of an earlier attempt."""

    task: str
    config: dict[str, Any]
    classes: tuple[str, ...]
    data: LocalData
    directory: Path
    device: str = "cpu"
    train_subset: str = "train"
    val_subset: str = "val"
    resume: Path | None = None
    source: DataSource | None = None
    experiment_id: UUID | None = None
    run_id: UUID | None = None
    code_version: str = "unknown"


class TrainResult(View):
    num_epochs: int
    num_steps: int
    metrics: dict[str, float]
    is_stopped: bool


def train(request: TrainRequest, events: TrainEvents) -> TrainResult:
    """Raises errors of the Modelyard family in words a user can act on."""
    manifest = registry.task(request.task)
    config = manifest.config_model.model_validate(request.config)
    lightning.seed_everything(config.seed, verbose=False)
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0))))
    card = card_of(manifest, config, request)
    with ShardReader(request.data.shards) as reader, _calm():
        module = TrainingModule(manifest, config, card)
        loaders = _loaders(request, config, card, manifest.load_runtime(), reader)
        teller = Teller(module, request.directory, events, loaders.order)
        trainer = _trainer(request, config, teller)
        try:
            trainer.fit(module, loaders.train, loaders.val, ckpt_path=_resume(request), weights_only=True)
        except StoppedInsideAnEpoch:
            events.log(f"training stops; the begun epoch is not kept, {teller.epochs_done} are")
        except torch.OutOfMemoryError as error:
            advice = f"try a batch size of {max(1, config.batch_size // 2)}"
            raise OutOfMemory(f"{request.device} ran out of memory; {advice}") from error
    return TrainResult(
        num_epochs=teller.epochs_done,
        num_steps=trainer.global_step,
        metrics=teller.best_metrics,
        is_stopped=teller.is_stopped,
    )


class Loaders:
    def __init__(self, train: Batches, val: Batches, order: EpochOrder) -> None:
        self.train, self.val, self.order = train, val, order


def _loaders(
    request: TrainRequest, config: TrainingConfig, card: ModelCard, task: TaskRuntime, reader: ShardReader
) -> Loaders:
    records = read_manifest(request.data.manifest, (request.train_subset, request.val_subset))

    def dataset(subset: str) -> ImageDataset:
        own: Sequence[SampleRecord] = [record for record in records if record.subset == subset]
        if not own:
            raise SubsetIsEmpty(f"the subset {subset!r} has no samples")
        return ImageDataset(own, reader, card.input, lambda record: task.target(record.annotations, card))

    train, val = dataset(request.train_subset), dataset(request.val_subset)
    order = EpochOrder(len(train), config.seed)
    workers = _num_workers(config)
    size = min(config.batch_size, len(train))
    return Loaders(
        make_batches(train, card.input, size, order, workers),
        make_batches(val, card.input, max(size, 64), None, workers),
        order,
    )


def _num_workers(config: TrainingConfig) -> int:
    if config.num_workers == "auto":
        return min(8, max(1, len(os.sched_getaffinity(0)) - 1))
    return config.num_workers


def _trainer(request: TrainRequest, config: TrainingConfig, teller: Teller) -> lightning.Trainer:
    device = torch_device(request.device)
    on_gpu = device.type == "cuda"
    return lightning.Trainer(
        accelerator="gpu" if on_gpu else "cpu",
        devices=[device.index] if on_gpu else 1,
        max_epochs=config.epochs,
        precision=_precision(config, on_gpu),
        gradient_clip_val=config.gradient_clip,
        deterministic=config.is_deterministic,
        callbacks=[teller],
        default_root_dir=request.directory,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def _precision(config: TrainingConfig, on_gpu: bool) -> Any:
    match config.precision:
        case "auto":
            return "bf16-mixed" if on_gpu and torch.cuda.is_bf16_supported() else "32-true"
        case "fp32":
            return "32-true"
        case "bf16":
            return "bf16-mixed"
        case "fp16":
            return "16-mixed" if on_gpu else "bf16-mixed"


def card_of(manifest: TaskManifest, config: TrainingConfig, request: TrainRequest) -> ModelCard:
    task = manifest.load_runtime()
    return ModelCard(
        task=manifest.id,
        task_version=manifest.version,
        architecture=getattr(config, "architecture", manifest.id),
        classes=request.classes,
        input=task.image_input(config),
        config=config.model_dump(mode="json"),
        data=request.source,
        experiment_id=request.experiment_id,
        run_id=request.run_id,
        seed=config.seed,
        code_version=request.code_version,
        created_at=now(),
    )


@contextmanager
def _calm() -> Iterator[None]:
    """Lightning's tips and its use of what torch deprecates are nothing that a user could act on."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*LeafSpec.* is deprecated", FutureWarning)
        yield


def _resume(request: TrainRequest) -> str | None:
    return str(request.resume) if request.resume else None
