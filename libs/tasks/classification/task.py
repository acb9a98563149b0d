"""Image classification for the children that train, evaluate and export."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor, nn

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.tasks.backbones import catalogue
from libs.tasks.backbones.catalogue import builder_of
from libs.tasks.backbones.transferring import body_and_head, hold
from libs.tasks.classification.config import Config
from libs.tasks.classification.decode import CODEC
from libs.tasks.classification.losses import loss_of
from libs.tasks.classification.meters import OneClass, SeveralClasses
from libs.tasks.classification.mixing import mixed
from libs.tasks.classification.planning import plan_of
from libs.tasks.classification.toys import one_shape
from libs.tasks.classification.truths import is_multi_label, label_of, labels_of, places_of
from libs.tasks.parameters import ParameterGroup, grouped
from libs.tasks.runtime import Metrics, Plan, TaskRuntime, ToyData


class ClassificationRuntime(TaskRuntime):
    codec = CODEC

    def image_input(self, config: Config) -> ImageInput:
        backbone = catalogue.find(config.architecture)
        mean, std = builder_of(backbone).normalisation(backbone)
        return ImageInput(height=config.image_size, width=config.image_size, mean=mean, std=std)

    def plan(self, card: ModelCard, truths: Iterable[Sequence[Annotation]]) -> Plan:
        return plan_of(card, truths)

    def build_network(self, card: ModelCard) -> nn.Module:
        backbone = catalogue.find(card.architecture)
        return builder_of(backbone).build(backbone.name, len(card.classes), card.input.height)

    def load_pretrained(self, network: nn.Module, card: ModelCard, cache: Path | None) -> None:
        if Config.model_validate(card.config).transfer != "scratch":
            backbone = catalogue.find(card.architecture)
            builder_of(backbone).load_weights(network, backbone.name, card.input.height, cache)

    def freeze(self, network: nn.Module, card: ModelCard) -> None:
        config = Config.model_validate(card.config)
        if config.transfer in ("frozen", "partial"):
            hold(network, config.unfrozen_stages if config.transfer == "partial" else 0)

    def param_groups(self, network: nn.Module, config: Config) -> Sequence[ParameterGroup]:
        body, head = body_and_head(network)
        factor = 1.0 if config.transfer == "scratch" else config.body_learning_rate_factor
        return (*grouped(head), *grouped(body, factor))

    def mix(
        self, images: Tensor, targets: Tensor, config: Config, generator: Generator
    ) -> tuple[Tensor, Tensor]:
        return mixed(images, targets, config, generator)

    def target(self, annotations: Sequence[Annotation], card: ModelCard) -> int | np.ndarray:
        """A place among the classes, or 0 and 1 for each."""
        places = places_of(card)
        if not is_multi_label(card):
            return places[label_of(annotations)]
        wanted = np.zeros(len(card.classes), np.uint8)
        wanted[[places[label] for label in labels_of(annotations)]] = 1
        return wanted

    def loss(self, outputs: Tensor, targets: Tensor, card: ModelCard) -> Tensor:
        return loss_of(outputs, targets, card)

    def metrics(self, card: ModelCard, device: torch.device) -> Metrics:
        kind = SeveralClasses if is_multi_label(card) else OneClass
        return kind(len(card.classes), device)

    def calibrate(self, metrics: Metrics) -> dict[str, float]:
        return metrics.calibration() if isinstance(metrics, SeveralClasses) else {}

    def finish(self, outputs: Tensor, card: ModelCard) -> tuple[Tensor, ...]:
        return (outputs.sigmoid() if is_multi_label(card) else outputs.softmax(dim=1),)

    def toy_data(self, seed: int, count: int) -> ToyData:
        return one_shape(seed, count)


RUNTIME = ClassificationRuntime()
