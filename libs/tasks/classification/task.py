"""Image classification for the children that train, evaluate and export."""

import io
from collections.abc import Sequence
from urllib.error import URLError

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from libs.common.contracts.annotations import Annotation, LabelAnnotation
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.common.errors import Unavailable
from libs.tasks.classification.config import Config
from libs.tasks.classification.decode import CODEC, label_of, metrics_of
from libs.tasks.classification.model import build, pretrained_weights
from libs.tasks.data import SampleIsBad
from libs.tasks.runtime import Metrics, TaskRuntime, ToyData

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class WeightsAreUnreachable(Unavailable):
    code, title, retryable = "weights_unreachable", "Pretrained weights cannot be fetched", False


class ClassificationMetrics:
    """A confusion matrix on the device; what it is worth, evaluation and training compute alike."""

    def __init__(self, num_classes: int, device: torch.device) -> None:
        self._counts = torch.zeros(num_classes, num_classes, dtype=torch.int64, device=device)

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        places = targets * len(self._counts) + outputs.argmax(dim=1)
        self._counts += torch.bincount(places, minlength=self._counts.numel()).view_as(self._counts)

    def compute(self) -> dict[str, float]:
        return metrics_of(self._counts.cpu().numpy())


class ClassificationRuntime(TaskRuntime):
    codec = CODEC

    def image_input(self, config: Config) -> ImageInput:
        return ImageInput(
            height=config.image_size, width=config.image_size, mean=IMAGENET_MEAN, std=IMAGENET_STD
        )

    def build_network(self, card: ModelCard) -> nn.Module:
        return build(card.architecture, len(card.classes), card.input.height)

    def load_pretrained(self, network: nn.Module, card: ModelCard) -> None:
        """Everything but the layers whose shape depends on the classes or the image size."""
        config = Config.model_validate(card.config)
        weights = pretrained_weights(config.architecture) if config.is_pretrained else None
        if weights is None:
            return
        try:
            state = weights.get_state_dict(progress=False, check_hash=True)
        except (URLError, OSError) as error:
            raise WeightsAreUnreachable(
                f"the weights of {config.architecture} are neither cached nor reachable; "
                "set is_pretrained to false or connect once"
            ) from error
        own = network.state_dict()
        fitting = {name: value for name, value in state.items() if own[name].shape == value.shape}
        network.load_state_dict({**own, **fitting})

    def target(self, annotations: Sequence[Annotation], card: ModelCard) -> int:
        label = label_of(annotations)
        if label not in card.classes:
            raise SampleIsBad(f"its class {label!r} is not one of the dataset's")
        return card.classes.index(label)

    def loss(self, outputs: Tensor, targets: Tensor, card: ModelCard) -> Tensor:
        smoothing = card.config.get("label_smoothing", 0.0)
        return functional.cross_entropy(outputs, targets, label_smoothing=smoothing)

    def metrics(self, card: ModelCard, device: torch.device) -> Metrics:
        return ClassificationMetrics(len(card.classes), device)

    def finish(self, outputs: Tensor, card: ModelCard) -> tuple[Tensor, ...]:
        return (outputs.softmax(dim=1),)

    def toy_data(self, seed: int, count: int) -> ToyData:
        """Bright discs and squares on noise: learnable within two steps of a small network."""
        random = np.random.default_rng(seed)
        images, annotations = [], []
        for number in range(count):
            label = ("disc", "square")[number % 2]
            images.append(_png(_shape(label, random)))
            annotations.append((LabelAnnotation(label=label),))
        config = {
            "architecture": "simple_cnn",
            "image_size": 32,
            "epochs": 4,
            "batch_size": 8,
            "learning_rate": 3e-3,
        }
        return ToyData(tuple(images), tuple(annotations), ("disc", "square"), config)


def _shape(label: str, random: np.random.Generator) -> np.ndarray:
    """uint8 [40, 40, 3]."""
    y, x = np.mgrid[0:40, 0:40]
    cy, cx = random.integers(14, 26, 2)
    disc = (y - cy) ** 2 + (x - cx) ** 2 < 100
    square = (abs(y - cy) < 10) & (abs(x - cx) < 10)
    image = random.integers(0, 60, (40, 40, 3))
    image[disc if label == "disc" else square] = (250, 40, 40) if label == "disc" else (40, 40, 250)
    return image.astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


RUNTIME = ClassificationRuntime()
