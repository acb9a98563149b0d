"""The knobs of image classification."""

from typing import Literal

from libs.tasks.augmenting import Augmentation
from libs.tasks.config import TrainingConfig, knob


class Config(TrainingConfig):
    architecture: Literal["simple_cnn", "mobilenet_v3_small", "resnet18"] = knob(
        "resnet18",
        "The network: a small one for small images, or a catalogue model.",
        group="Model",
        search={"type": "choice", "choices": ["simple_cnn", "mobilenet_v3_small", "resnet18"]},
    )
    image_size: int = knob(
        224, "Side of the square that images are resized to.", group="Model", unit="pixels", ge=8, le=2048
    )
    is_pretrained: bool = knob(
        False, "Start from weights trained on ImageNet; they are fetched once.", group="Model"
    )
    label_smoothing: float = knob(
        0.0,
        "Share of certainty taken from the true class; calms overconfident models.",
        group="Training",
        ge=0,
        lt=1,
        search={"type": "float", "low": 0.0, "high": 0.3},
    )
    augmentation: Augmentation = knob(
        Augmentation(), "Random changes of training images.", group="Augmentation"
    )
