"""What makes a backbone's network; loads torch, so it is named by sources and loaded by who trains."""

from pathlib import Path
from typing import Protocol

from torch import nn

from libs.common.errors import BadInput, Unavailable
from libs.tasks.backbones.catalogue import Backbone, Colour


class WeightsAreUnreachable(Unavailable):
    code, title, retryable = "weights_unreachable", "Pretrained weights cannot be fetched", False

    @classmethod
    def of(cls, name: str, place: str) -> "WeightsAreUnreachable":
        return cls(
            f"the pretrained weights of {name} are not in the cache of this machine and {place} does not "
            "answer; choose the transfer scratch, or connect once"
        )


class WeightsAreBroken(BadInput):
    code, title = "weights_broken", "Pretrained weights in the cache cannot be read"


class Builder(Protocol):
    """`name` as the source calls it. Networks map normalised float images [batch, 3, side, side] to raw
    outputs [batch, num_outputs]."""

    def build(self, name: str, num_outputs: int, image_size: int) -> nn.Module:
        """With random weights; raises ConfigIsInvalid for a size that the network cannot take."""
        ...

    def normalisation(self, backbone: Backbone) -> tuple[Colour, Colour]:
        """Mean and standard deviation of 0..1 pixels, as the weights were trained with."""
        return backbone.mean, backbone.std

    def load_weights(self, network: nn.Module, name: str, image_size: int, cache: Path | None) -> None:
        """Into a network of `build`, all but what depends on the outputs; raises WeightsAreUnreachable.

        `cache` keeps what was fetched; without it, the library's own folder does.
        """
        ...
