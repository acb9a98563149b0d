"""The knobs of image classification."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator

from libs.tasks.augmenting import Augmentation
from libs.tasks.backbones.own_source import SIMPLE_CNN
from libs.tasks.classification.architectures import ARCHITECTURES
from libs.tasks.config import TrainingConfig, knob


class Config(TrainingConfig):
    architecture: str = knob(
        "resnet18",
        "The network: one of those we recommend, or any of torchvision's and timm's, such as "
        "torchvision/convnext_tiny or timm/vit_small_patch16_224.",
        group="Model",
        min_length=1,
        max_length=120,
        examples=[each.id for each in ARCHITECTURES],
        search={"type": "choice", "choices": ["simple_cnn", "mobilenet_v3_small", "resnet18"]},
    )
    image_size: int = knob(
        224, "Side of the square that images are resized to.", group="Model", unit="pixels", ge=8, le=2048
    )
    mode: Literal["auto", "single", "multi"] = knob(
        "auto",
        "Whether an image has exactly one class or any number of them; auto is what the dataset's "
        "annotations say.",
        group="Model",
    )
    transfer: Literal["scratch", "frozen", "partial", "full"] = knob(
        "scratch",
        "Start from random weights (scratch), or from weights trained on ImageNet, of which the last layers "
        "alone (frozen), the last stages, too (partial), or all (full) go on learning. ImageNet's weights "
        "are fetched once.",
        group="Model",
        search={"type": "choice", "choices": ["frozen", "partial", "full"]},
    )
    unfrozen_stages: int = knob(
        1,
        "Stages at the network's end that go on learning; a ResNet has four, a ViT as many as blocks.",
        group="Model",
        unit="stages",
        when={"transfer": ["partial"]},
        ge=1,
        le=100,
        search={"type": "int", "low": 1, "high": 4},
    )
    body_learning_rate_factor: float = knob(
        0.1,
        "What the learning rate is multiplied by for weights that have learned already; only the new last "
        "layers take the whole rate.",
        group="Model",
        when={"transfer": ["partial", "full"]},
        gt=0,
        le=1,
        search={"type": "float", "low": 0.01, "high": 1.0, "log": True},
    )
    loss: Literal["auto", "cross_entropy", "focal", "bce"] = knob(
        "auto",
        "What is made small: auto is cross-entropy, and binary cross-entropy (bce) for several classes per "
        "image; focal looks at the hard samples more.",
        group="Training",
        search={"type": "choice", "choices": ["auto", "focal"]},
    )
    focal_gamma: float = knob(
        2.0,
        "How much less an easy sample counts than a hard one.",
        group="Training",
        advanced=True,
        when={"loss": ["focal"]},
        ge=0,
        le=10,
        search={"type": "float", "low": 0.5, "high": 5.0},
    )
    class_weights: Literal["none", "balanced"] = knob(
        "none",
        "Balanced: samples of rare classes count more, so that all classes count alike.",
        group="Training",
        search={"type": "choice", "choices": ["none", "balanced"]},
    )
    label_smoothing: float = knob(
        0.0,
        "Share of certainty taken from the true class; calms overconfident models.",
        group="Training",
        ge=0,
        lt=1,
        search={"type": "float", "low": 0.0, "high": 0.3},
    )
    mixup: float = knob(
        0.0,
        "Blend pairs of training images and their classes; 0 does not, 0.2 is usual, more blends more.",
        group="Augmentation",
        ge=0,
        le=4,
        search={"type": "float", "low": 0.0, "high": 0.8},
    )
    cutmix: float = knob(
        0.0,
        "Paste a piece of one training image into another; 0 does not, 1 is usual. Beside mixup, each "
        "batch takes one of the two.",
        group="Augmentation",
        ge=0,
        le=4,
        search={"type": "float", "low": 0.0, "high": 1.0},
    )
    augmentation: Augmentation = knob(
        Augmentation(), "Random changes of training images.", group="Augmentation"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_old(cls, given: Any) -> Any:
        """Earlier configs said `is_pretrained`, which a network without weights ignored."""
        if not isinstance(given, Mapping) or "is_pretrained" not in given:
            return given
        known = {name: value for name, value in given.items() if name != "is_pretrained"}
        starts_trained = given["is_pretrained"] and given.get("architecture") != SIMPLE_CNN.key
        return {"transfer": "full" if starts_trained else "scratch", "body_learning_rate_factor": 1.0} | known
