"""What a training tells while it runs, what it keeps, and when it ends before its last epoch."""

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from libs.common.contracts.telemetry import Progress
from libs.common.errors import ModelyardError
from libs.tasks.checkpoints import write_checkpoint
from libs.tasks.learning import TrainingModule
from libs.tasks.pace import Pace
from libs.tasks.ranks import gathered
from libs.tasks.reached import Reached
from libs.tasks.runtime import CheckpointFiles
from libs.tasks.slicing import EpochOrder

# Losses stay on the device and are read together so often: a read per step would stop a GPU each time.
FLUSH_SECONDS = 0.5


class LossIsNotANumber(ModelyardError):
    code, status, title = "loss_nan", 422, "Training diverged"


class StoppedInsideAnEpoch(Exception):
    """Ends the loop; what the begun epoch has learned is not kept, so that a resume repeats it whole."""


class TrainEvents(Protocol):
    """Whom a training tells; every call must return at once."""

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None: ...

    def steps(self, first_step: int, values: Mapping[str, Sequence[float]], epoch: int) -> None:
        """Values of steps that follow each other: a fast training has thousands a second."""
        ...

    def progress(self, progress: Progress) -> None: ...

    def log(self, text: str) -> None: ...

    def checkpoint(self, files: CheckpointFiles) -> None:
        """May move the files away; they are not touched again."""
        ...

    def should_stop(self) -> bool:
        """Asked now and then. A stop waits for the first epoch to end: before, there is nothing to keep."""
        ...


class Silence:
    """`TrainEvents` of a process that is not the first of several."""

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None: ...

    def steps(self, first_step: int, values: Mapping[str, Sequence[float]], epoch: int) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def log(self, text: str) -> None: ...

    def checkpoint(self, files: CheckpointFiles) -> None: ...

    def should_stop(self) -> bool:
        return False


class Teller(Callback):
    """Tells losses, metrics, progress and checkpoints; decides about the best epoch and about stopping."""

    def __init__(
        self, module: TrainingModule, directory: Path, events: TrainEvents, order: EpochOrder
    ) -> None:
        self._directory = directory
        self._events = events
        self._order = order
        self._config = module.config
        self._primary = module.manifest.primary_of(module.card.config)
        self._flushed_at = time.monotonic()
        self._flushed_step = 0
        self._pace, self._step_pace = Pace(), Pace()
        self._plateau_state: dict[str, Any] | None = None
        self.reached = Reached(self._primary.direction, module.config.early_stopping_min_delta)
        self.is_stopped = False

    def state_dict(self) -> dict[str, Any]:
        return {"reached": self.reached.state(), "plateau": self._plateau_state}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.reached.restore(state_dict["reached"])
        self._plateau_state = state_dict["plateau"]
        # A resumed loop starts its workers, which read ahead, before the epoch begins.
        self._order.epoch = self.reached.num_epochs

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        if pl_module.plateau is not None and self._plateau_state is not None:
            pl_module.plateau.load_state_dict(self._plateau_state)
        self._flushed_at, self._flushed_step = time.monotonic(), trainer.global_step
        if self._config.is_compiled:
            self._events.log("the network is compiled with the first step, which may take minutes")
        word = "goes on" if trainer.global_step else "starts"
        self._events.log(f"training {word} at epoch {trainer.current_epoch + 1} of {trainer.max_epochs}")

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self._order.epoch = trainer.current_epoch
        self._epoch_started_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if time.monotonic() - self._flushed_at >= FLUSH_SECONDS:
            self._flush(trainer, pl_module)
            if self._events.should_stop() and self.reached.num_epochs and not trainer.is_last_batch:
                self.is_stopped = True
                raise StoppedInsideAnEpoch

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self._flush(trainer, pl_module)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        values = pl_module.validation_values()
        epoch, primary = trainer.current_epoch, values[self._primary.key]
        is_best = self.reached.judge(epoch, primary, values)
        self._tell_epoch(trainer, values)
        if pl_module.plateau is not None:
            pl_module.plateau.step(primary)
            self._plateau_state = pl_module.plateau.state_dict()
        files = write_checkpoint(trainer, pl_module, self._directory, values, is_best=is_best)
        self._events.checkpoint(files)
        self._decide(trainer)

    def _tell_epoch(self, trainer: lightning.Trainer, values: dict[str, float]) -> None:
        told = {f"val/{key}": value for key, value in values.items()}
        self._events.metrics(trainer.global_step, told, trainer.current_epoch)
        title, primary = self._primary.title.lower(), values[self._primary.key]
        self._events.log(f"epoch {self.reached.num_epochs}: loss {values['loss']:.4f}, {title} {primary:.4f}")

    def _decide(self, trainer: lightning.Trainer) -> None:
        """Every rank comes to the same; only the first hears a wish to stop."""
        patience, waited = self._config.early_stopping_patience, self.reached.num_waited
        if patience is not None and waited >= patience:
            title = self._primary.title.lower()
            self._events.log(f"no better {title} for {waited} epochs: training ends early")
            trainer.should_stop = True
        if gathered(self._events.should_stop())[0]:
            self.is_stopped = trainer.should_stop = True

    def _flush(self, trainer: lightning.Trainer, module: TrainingModule) -> None:
        if not module.losses:
            return
        losses, rates = torch.stack(module.losses).tolist(), list(module.rates)
        module.losses.clear()
        module.rates.clear()
        first = trainer.global_step - len(losses) + 1
        num_sound = next((place for place, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
        told = {"train/loss": losses[:num_sound], "train/lr": rates[:num_sound]}
        self._events.steps(first, told, trainer.current_epoch)
        if num_sound < len(losses):
            raise LossIsNotANumber(_diverged(losses[num_sound], first + num_sound))
        self._tell_progress(trainer)

    def _tell_progress(self, trainer: lightning.Trainer) -> None:
        now, total = time.monotonic(), max(1, int(trainer.estimated_stepping_batches))
        done = trainer.global_step - self._flushed_step
        self._pace.moved(done, now - self._flushed_at)
        # Without the validation that may lie between two epochs.
        self._step_pace.moved(done, now - max(self._flushed_at, self._epoch_started_at))
        self._flushed_at, self._flushed_step = now, trainer.global_step
        samples = self._config.batch_size * self._config.accumulate_batches * trainer.world_size
        self._events.progress(
            Progress(
                fraction=min(1.0, trainer.global_step / total),
                message=f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}",
                epoch=trainer.current_epoch,
                num_epochs=trainer.max_epochs,
                eta_seconds=self._pace.seconds_for(total - trainer.global_step),
                samples_per_second=self._step_pace.per_second * samples,
            )
        )


def _diverged(loss: float, step: int) -> str:
    word = "NaN" if math.isnan(loss) else "infinite"
    return f"the loss became {word} at step {step}; try a smaller learning rate or gradient_clip"
