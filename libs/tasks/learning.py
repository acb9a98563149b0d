"""One step of any task: batches become losses, and what validation needs to know."""

from typing import Any

import lightning
import torch
from torch import Tensor, nn

from libs.common.contracts.packages import ModelCard
from libs.tasks.augmentation import augment
from libs.tasks.config import TrainingConfig
from libs.tasks.front import Normalise
from libs.tasks.manifest import TaskManifest
from libs.tasks.optimisation import optimiser_of, schedule_of
from libs.tasks.runtime import TaskRuntime


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
        pixels, targets = self.task.mix(pixels, targets, self.config, self._generator)
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
        groups = self.task.param_groups(self.network, self.config)
        optimiser = optimiser_of(self.config, groups)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = schedule_of(self.config, optimiser, steps, self.trainer.num_training_batches)
        if schedule is None:
            return optimiser
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
