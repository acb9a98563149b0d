"""The third layer of a task: what trains, validates and leaves as a graph. Loads torch.

The rooms' children drive a task through this protocol only; nothing outside a task's folder knows its name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.tasks.codec import Codec
from libs.tasks.parameters import ParameterGroup, grouped


@dataclass(frozen=True)
class ToyData:
    """A small learnable set for the conformance suite: encoded images with their annotations."""

    images: tuple[bytes, ...]
    annotations: tuple[tuple[Annotation, ...], ...]
    classes: tuple[str, ...]
    config: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What a look at the training samples decides: `values` become the card's plan, `notes` are logged."""

    values: dict[str, Any]
    notes: tuple[str, ...] = ()


class Metrics(Protocol):
    """Accumulates on the device over an epoch; read once."""

    def update(self, outputs: Tensor, targets: Tensor) -> None: ...

    def merge(self, other: Self) -> None:
        """Add what another process has seen; it may come from another device."""
        ...

    def compute(self) -> dict[str, float]: ...


class TaskRuntime(Protocol):
    """To be inherited from: what has a body here fits most tasks."""

    codec: Codec

    def image_input(self, config: Any) -> ImageInput:
        """Size and normalisation of the network's input."""
        ...

    def plan(self, card: ModelCard, truths: Iterable[Sequence[Annotation]]) -> Plan:
        """`truths` are those of all training samples; raises ConfigIsInvalid where nothing can be learned."""
        return Plan({})

    def build_network(self, card: ModelCard) -> nn.Module:
        """Maps normalised float images [batch, 3, height, width] to raw outputs. Weights come later."""
        ...

    def load_pretrained(self, network: nn.Module, card: ModelCard, cache: Path | None) -> None:
        """Start from weights of elsewhere where the config asks for it; raises WeightsAreUnreachable.

        `cache` is the folder where fetched ones are kept. Not asked for when a training goes on.
        """
        return None

    def freeze(self, network: nn.Module, card: ModelCard) -> None:
        """Hold what must not learn, its statistics, too; before anything else sees the network."""
        return None

    def param_groups(self, network: nn.Module, config: Any) -> Sequence[ParameterGroup]:
        """What learns and how fast; a frozen parameter is in no group. Asked once, before the first step."""
        return grouped(network.parameters())

    def mix(
        self, images: Tensor, targets: Tensor, config: Any, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Blends the samples of a training batch with each other, after augmentation: float [batch, 3, h, w]
        in 0..255. `generator` is on the CPU and alone decides; `loss` must understand what comes out."""
        return images, targets

    def target(self, annotations: Sequence[Annotation], card: ModelCard) -> Any:
        """What the loss compares with: a number or a fixed-size array; raises BadSample."""
        ...

    def loss(self, outputs: Tensor, targets: Tensor, card: ModelCard) -> Tensor:
        """Mean over the batch."""
        ...

    def metrics(self, card: ModelCard, device: torch.device) -> Metrics:
        """Fresh accumulators for one subset, by the manifest's metric keys."""
        ...

    def calibrate(self, metrics: Metrics) -> dict[str, float]:
        """What is chosen on validation data, such as a threshold; becomes the card's calibration."""
        return {}

    def finish(self, outputs: Tensor, card: ModelCard) -> tuple[Tensor, ...]:
        """The tail inside the exported graph, in the order of the serving signature's outputs."""
        ...

    def toy_data(self, seed: int, count: int) -> ToyData: ...


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint that lies whole on the disk: a model package, and the state to resume from.

    `is_kept` is one of those that the config wants each so many epochs, besides the best and the last.
    """

    epoch: int
    step: int
    is_best: bool
    package: Path
    resume: Path
    metrics: dict[str, float]
    is_kept: bool = False
