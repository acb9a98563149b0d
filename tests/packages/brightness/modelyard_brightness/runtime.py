"""A linear layer over the mean colour."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from libs.common.contracts.annotations import Annotation, LabelAnnotation
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.tasks.runtime import Metrics, TaskRuntime, ToyData
from modelyard_brightness.codec import CODEC, number


class MeanAbsoluteError:
    def __init__(self) -> None:
        self._errors: list[Tensor] = []

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        self._errors.append((outputs[:, 0] - targets).abs())

    def compute(self) -> dict[str, float]:
        return {"mae": float(torch.cat(self._errors).mean())}


class BrightnessRuntime(TaskRuntime):
    codec = CODEC

    def image_input(self, config: Any) -> ImageInput:
        return ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1))

    def build_network(self, card: ModelCard) -> nn.Module:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1))

    def target(self, annotations: Sequence[Annotation], card: ModelCard) -> np.float32:
        return np.float32(number(annotations))

    def loss(self, outputs: Tensor, targets: Tensor, card: ModelCard) -> Tensor:
        return functional.mse_loss(outputs[:, 0], targets)

    def metrics(self, card: ModelCard, device: torch.device) -> Metrics:
        return MeanAbsoluteError()

    def finish(self, outputs: Tensor, card: ModelCard) -> tuple[Tensor, ...]:
        return (outputs,)

    def toy_data(self, seed: int, count: int) -> ToyData:
        levels = np.random.default_rng(seed).integers(0, 256, count).tolist()
        labels = [f"{level / 255:.3f}" for level in levels]
        annotations = tuple((LabelAnnotation(label=label),) for label in labels)
        config = {"epochs": 4, "batch_size": 8, "learning_rate": 0.1}
        return ToyData(tuple(map(_png, levels)), annotations, tuple(sorted(set(labels))), config)


def _png(level: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (12, 10), (level, level, level)).save(buffer, "PNG")
    return buffer.getvalue()


RUNTIME = BrightnessRuntime()
