"""Training any task: Lightning drives, the task says what is learned, the caller hears of everything.

It needs no server: a request, local files, and `TrainEvents` to tell what happens.
"""

import logging
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn

from libs.common.contracts.base import View, now
from libs.common.contracts.packages import DataSource, ModelCard
from libs.common.contracts.telemetry import Progress
from libs.common.errors import BadInput, ModelyardError
from libs.common.staging import LocalData
from libs.tasks import registry
from libs.tasks.augmentation import augment
from libs.tasks.config import TrainingConfig
from libs.tasks.data import Batches, EpochOrder, ImageDataset, make_batches
from libs.tasks.front import Normalise
from libs.tasks.manifest import TaskManifest
from libs.tasks.optimisation import optimiser_of, schedule_of
from libs.tasks.package_files import write_package
from libs.tasks.reading import SampleRecord, ShardReader, read_manifest
from libs.tasks.runtime import CheckpointFiles, TaskRuntime

# Losses stay on the device and are read together so often: a read per step would stop a GPU each time.
FLUSH_SECONDS = 0.5


class SubsetIsEmpty(BadInput):
    code, title = "subset_empty", "There is nothing to train or validate on"


class LossIsNotANumber(ModelyardError):
    code, status, title = "loss_nan", 422, "Training diverged"


class OutOfMemory(ModelyardError):
    code, status, title = "out_of_memory", 422, "The device has too little memory"


class StoppedInsideAnEpoch(Exception):
    """Ends the loop; what the begun epoch has learned is not kept, so that a resume repeats it whole."""


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


class TrainEvents(Protocol):
    """Whom a training tells; every call must return at once."""

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def log(self, text: str) -> None: ...

    def checkpoint(self, files: CheckpointFiles) -> None:
        """May move the files away; they are not touched again."""
        ...

    def should_stop(self) -> bool:
        """Asked now and then. A stop waits for the first epoch to end: before, there is nothing to keep."""
        ...


def train(request: TrainRequest, events: TrainEvents) -> TrainResult:
    """Raises errors of the Modelyard family in words a user can act on."""
    manifest = registry.task(request.task)
    config = manifest.config_model.model_validate(request.config)
    lightning.seed_everything(config.seed, verbose=False)
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0))))
    card = _card(manifest, config, request)
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


class TrainingModule(lightning.LightningModule):
    """The task's network between normalisation and loss; knows no task by name."""

    def __init__(self, manifest: TaskManifest, config: TrainingConfig, card: ModelCard) -> None:
        super().__init__()
        self.manifest = manifest
        self.config = config
        self.card = card
        self.task: TaskRuntime = manifest.load_runtime()
        self.network: nn.Module = self.task.build_network(card)
        self.task.load_pretrained(self.network, card)
        self.normalise = Normalise(card.input)
        self.losses: list[Tensor] = []
        self.val_loss: Tensor | None = None
        self.val_count = 0
        self._augmentation = getattr(config, "augmentation", None)
        self._generator = torch.Generator()

    def on_train_epoch_start(self) -> None:
        self._generator.manual_seed(self.config.seed * 1_000_033 + self.current_epoch)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        images, targets = batch
        pixels = images.to(torch.float32)
        if self._augmentation is not None:
            pixels = augment(pixels, self._augmentation, self._generator)
        loss = self.task.loss(self.network(self.normalise(pixels)), targets, self.card)
        self.losses.append(loss.detach())
        return loss

    def on_validation_epoch_start(self) -> None:
        self.metrics = self.task.metrics(self.card, self.device)
        self.val_loss, self.val_count = torch.zeros((), device=self.device), 0

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        images, targets = batch
        outputs = self.network(self.normalise(images.to(torch.float32)))
        assert self.val_loss is not None
        self.val_loss += self.task.loss(outputs, targets, self.card) * len(images)
        self.val_count += len(images)
        self.metrics.update(outputs, targets)

    def validation_values(self) -> dict[str, float]:
        assert self.val_loss is not None
        return {"loss": float(self.val_loss) / max(1, self.val_count), **self.metrics.compute()}

    def configure_optimizers(self) -> Any:
        optimiser = optimiser_of(self.config, self.network.parameters())
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = schedule_of(self.config, optimiser, steps, self.trainer.num_training_batches)
        if schedule is None:
            return optimiser
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Teller(Callback):
    """Tells losses, metrics, progress and checkpoints; decides about the best epoch and about stopping."""

    def __init__(
        self, module: TrainingModule, directory: Path, events: TrainEvents, order: EpochOrder
    ) -> None:
        self._directory = directory
        self._events = events
        self._order = order
        self._primary = module.manifest.primary_metric
        self._patience = module.config.early_stopping_patience
        self._flushed_at = time.monotonic()
        self._first_step = 0
        self._started_at = time.monotonic()
        self._resumed_step = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_metrics: dict[str, float] = {}
        self.epochs_done = 0
        self.is_stopped = False

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers only: what was reached must survive a resume, even one with nothing left to do."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_metrics": self.best_metrics,
            "epochs_done": self.epochs_done,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]
        self.best_epoch = state_dict["best_epoch"]
        self.best_metrics = dict(state_dict["best_metrics"])
        self.epochs_done = state_dict["epochs_done"]
        # A resumed loop starts its workers, which read ahead, before the epoch begins.
        self._order.epoch = self.epochs_done

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self._resumed_step = self._first_step = trainer.global_step
        self._started_at = time.monotonic()
        word = "goes on" if trainer.global_step else "starts"
        self._events.log(f"training {word} at epoch {trainer.current_epoch + 1} of {trainer.max_epochs}")

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self._order.epoch = trainer.current_epoch

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self._flush(trainer, pl_module)
            if self._events.should_stop() and self.epochs_done and not trainer.is_last_batch:
                self._stop(trainer)
                raise StoppedInsideAnEpoch

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self._flush(trainer, pl_module)
        values = pl_module.validation_values()
        self.epochs_done = trainer.current_epoch + 1
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        told = {**{f"val/{key}": value for key, value in values.items()}, "lr": rate}
        self._events.metrics(trainer.global_step, told, trainer.current_epoch)
        primary, title = values[self._primary.key], self._primary.title.lower()
        self._events.log(f"epoch {self.epochs_done}: loss {values['loss']:.4f}, {title} {primary:.4f}")
        is_best = self._is_best(primary)
        if is_best:
            self.best, self.best_epoch, self.best_metrics = primary, trainer.current_epoch, values
        self._save(trainer, pl_module, values, is_best)
        waited = trainer.current_epoch - self.best_epoch
        if self._patience is not None and waited >= self._patience:
            self._events.log(
                f"no better {self._primary.title.lower()} for {waited} epochs: training ends early"
            )
            trainer.should_stop = True
        if self._events.should_stop():
            self._stop(trainer)

    def _stop(self, trainer: lightning.Trainer) -> None:
        self.is_stopped = trainer.should_stop = True

    def _is_best(self, value: float) -> bool:
        if self.best is None:
            return True
        return value > self.best if self._primary.direction == "max" else value < self.best

    def _flush(self, trainer: lightning.Trainer, module: TrainingModule) -> None:
        self._flushed_at = time.monotonic()
        if not module.losses:
            return
        losses = torch.stack(module.losses).tolist()
        module.losses.clear()
        first = trainer.global_step - len(losses)
        for place, loss in enumerate(losses):
            if loss != loss:
                advice = "try a smaller learning rate or gradient_clip"
                raise LossIsNotANumber(f"the loss became NaN at step {first + place + 1}; {advice}")
            self._events.metrics(first + place + 1, {"train/loss": loss}, trainer.current_epoch)
        self._tell_progress(trainer, module)

    def _tell_progress(self, trainer: lightning.Trainer, module: TrainingModule) -> None:
        total = max(1, int(trainer.estimated_stepping_batches))
        done = trainer.global_step - self._resumed_step
        speed = done / max(1e-6, time.monotonic() - self._started_at)
        self._events.progress(
            Progress(
                fraction=min(1.0, trainer.global_step / total),
                message=f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}",
                epoch=trainer.current_epoch,
                num_epochs=trainer.max_epochs,
                eta_seconds=(total - trainer.global_step) / speed if speed else None,
                samples_per_second=speed * module.config.batch_size,
            )
        )

    def _save(
        self, trainer: lightning.Trainer, module: TrainingModule, values: dict[str, float], is_best: bool
    ) -> None:
        step = trainer.global_step
        package = self._directory / "checkpoints" / f"package-{step}"
        resume = self._directory / "checkpoints" / f"resume-{step}.ckpt"
        reached = {"epoch": trainer.current_epoch, "step": step, "metrics": values, "created_at": now()}
        card = module.card.model_copy(update=reached)
        write_package(package, module.network, card)
        trainer.save_checkpoint(resume, weights_only=False)  # with the optimiser; loaded without pickle
        self._events.checkpoint(
            CheckpointFiles(
                epoch=trainer.current_epoch,
                step=step,
                is_best=is_best,
                package=package,
                resume=resume,
                metrics=values,
            )
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
    on_gpu = request.device.startswith(("gpu", "cuda"))
    index = "".join(filter(str.isdigit, request.device)) or "0"
    return lightning.Trainer(
        accelerator="gpu" if on_gpu else "cpu",
        devices=[int(index)] if on_gpu else 1,
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


def _card(manifest: TaskManifest, config: TrainingConfig, request: TrainRequest) -> ModelCard:
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
