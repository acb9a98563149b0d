"""One step of any task: batches become losses, and what validation needs to know."""

from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from libs.common.contracts.packages import ModelCard
from libs.tasks.augmentation import augment
from libs.tasks.averaging import Average
from libs.tasks.config import TrainingConfig
from libs.tasks.front import Normalise
from libs.tasks.manifest import TaskManifest
from libs.tasks.optimisation import optimiser_of, plateau_of, schedule_of
from libs.tasks.package_files import load_weights
from libs.tasks.ranks import gathered, mean_of_ranks, own_rank, share_statistics
from libs.tasks.runtime import TaskRuntime
from libs.tasks.seeding import seed_all


class TrainingModule(lightning.LightningModule):
    """The task's network between normalisation and loss; knows no task by name.

    `losses` and `rates` are those of the steps since someone last took them, one of each per step.
    `is_resumed`: the weights come from a checkpoint, so that none are fetched.
    """

    def __init__(
        self,
        manifest: TaskManifest,
        config: TrainingConfig,
        card: ModelCard,
        weights_cache: Path | None = None,
        *,
        is_resumed: bool = False,
        start_from: Path | None = None,
    ) -> None:
        super().__init__()
        self.manifest = manifest
        self.config = config
        self.card = card
        self.task: TaskRuntime = manifest.load_runtime()
        self.network: nn.Module = self.task.build_network(card)
        if not is_resumed and start_from is not None:
            load_weights(self.network, start_from)
        elif not is_resumed:
            self.task.load_pretrained(self.network, card, weights_cache)
        self.task.freeze(self.network, card)
        self.average = Average(self.network, config.ema_decay) if config.ema_decay else None
        self.normalise = Normalise(card.input)
        self.plateau: ReduceLROnPlateau | None = None
        self.calibration: dict[str, float] = {}
        self.losses: list[Tensor] = []
        self.rates: list[float] = []
        self._step_loss: Tensor | None = None
        self._memory_format = torch.contiguous_format
        self._augmentation = getattr(config, "augmentation", None)
        self._generator = torch.Generator()

    @property
    def kept_network(self) -> nn.Module:
        """What is validated and becomes the model."""
        return self.network if self.average is None else self.average.network

    def setup(self, stage: str) -> None:
        is_on_gpu = self.trainer.strategy.root_device.type == "cuda"
        wanted = self.config.memory_format
        if wanted == "channels_last" or (wanted == "auto" and is_on_gpu):
            self._memory_format = torch.channels_last
            self.to(memory_format=torch.channels_last)
        if self.config.is_compiled:
            self.network.compile()

    def on_train_epoch_start(self) -> None:
        seed = seed_all(self.config.seed, self.current_epoch, own_rank().number)
        self._generator.manual_seed(seed)

    def training_step(self, batch: tuple[Tensor, Tensor], number: int) -> Tensor:
        images, targets = batch
        pixels = images.to(torch.float32)
        if self._augmentation is not None:
            pixels = augment(pixels, self._augmentation, self._generator)
        pixels, targets = self.task.mix(pixels, targets, self.config, self._generator)
        loss = self.task.loss(self._output(self.network, pixels), targets, self.card)
        num_batches = self._num_batches_of_step(number)
        self._count(loss.detach() / num_batches, number)
        # The trainer divides by what is accumulated as a rule; the last step of an epoch may have less.
        return loss * (self.config.accumulate_batches / num_batches)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.average is not None and self._ends_a_step(batch_idx):
            self.average.follow(self.network, self.trainer.global_step)

    def on_validation_epoch_start(self) -> None:
        share_statistics(self)
        self.metrics = self.task.metrics(self.card, self.device)
        self._val_loss, self._val_count = torch.zeros((), device=self.device), 0

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        images, targets = batch
        outputs = self._output(self.kept_network, images.to(torch.float32))
        self._val_loss += self.task.loss(outputs, targets, self.card) * len(images)
        self._val_count += len(images)
        self.metrics.update(outputs, targets)

    def validation_values(self) -> dict[str, float]:
        """Of all ranks together; every rank must ask. Afterwards `calibration` fits them."""
        parts = gathered((float(self._val_loss), self._val_count, self.metrics))
        total, count = sum(loss for loss, _, _ in parts), sum(count for _, count, _ in parts)
        first, *others = (metrics for _, _, metrics in parts)
        for other in others:
            first.merge(other)
        self.calibration = self.task.calibrate(first)
        return {"loss": total / max(1, count), **first.compute()}

    def configure_optimizers(self) -> Any:
        groups = self.task.param_groups(self.network, self.config)
        optimiser = optimiser_of(self.config, groups)
        direction = self.manifest.primary_of(self.card.config).direction
        self.plateau = plateau_of(self.config, optimiser, direction)
        num_steps = int(self.trainer.estimated_stepping_batches)
        schedule = schedule_of(self.config, optimiser, num_steps, num_steps // self.config.epochs)
        if schedule is None:
            return optimiser
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _output(self, network: nn.Module, pixels: Tensor) -> Tensor:
        return network(self.normalise(pixels).contiguous(memory_format=self._memory_format))

    def _count(self, loss: Tensor, number: int) -> None:
        self._step_loss = loss if self._step_loss is None else self._step_loss + loss
        if self._ends_a_step(number):
            self.losses.append(mean_of_ranks(self._step_loss))
            self.rates.append(max(group["lr"] for group in self.trainer.optimizers[0].param_groups))
            self._step_loss = None

    def _ends_a_step(self, number: int) -> bool:
        wanted, last = self.config.accumulate_batches, int(self.trainer.num_training_batches)
        return (number + 1) % wanted == 0 or number + 1 == last

    def _num_batches_of_step(self, number: int) -> int:
        wanted, last = self.config.accumulate_batches, int(self.trainer.num_training_batches)
        first = number - number % wanted
        return min(wanted, last - first)
