"""What a training tells while it runs, what it keeps, and when it ends before its last epoch."""

import time
from pathlib import Path
from typing import Any, Protocol

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from libs.common.contracts.base import now
from libs.common.contracts.telemetry import Progress
from libs.common.errors import ModelyardError
from libs.tasks.data import EpochOrder
from libs.tasks.learning import TrainingModule
from libs.tasks.package_files import write_package
from libs.tasks.runtime import CheckpointFiles

# Losses stay on the device and are read together so often: a read per step would stop a GPU each time.
FLUSH_SECONDS = 0.5


class LossIsNotANumber(ModelyardError):
    code, status, title = "loss_nan", 422, "Training diverged"


class StoppedInsideAnEpoch(Exception):
    """Ends the loop; what the begun epoch has learned is not kept, so that a resume repeats it whole."""


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
