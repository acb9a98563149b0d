"""Pixels to network input: one piece of mathematics for training, evaluation and the exported graph.

Resizing uses antialiasing everywhere: without it a served image differs from the trained one by 11 grey
levels on average and 134 at worst.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from libs.common.contracts.packages import ImageInput


def resize(images: Tensor, height: int, width: int) -> Tensor:
    """float [batch, 3, h, w] → [batch, 3, height, width], range kept."""
    return functional.interpolate(
        images, size=(height, width), mode="bilinear", align_corners=False, antialias=True
    )


class Normalise(nn.Module):
    """0..255 → network input."""

    mean: Tensor
    std: Tensor

    def __init__(self, spec: ImageInput) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(spec.mean).view(1, 3, 1, 1) * 255.0, persistent=False)
        self.register_buffer("std", torch.tensor(spec.std).view(1, 3, 1, 1) * 255.0, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.std


class Front(nn.Module):
    """uint8 [batch, h, w, 3] of any size → float [batch, 3, height, width], normalised."""

    def __init__(self, spec: ImageInput) -> None:
        super().__init__()
        self.height, self.width = spec.height, spec.width
        self.normalise = Normalise(spec)

    def forward(self, images: Tensor) -> Tensor:
        pixels = images.permute(0, 3, 1, 2).to(torch.float32)
        return self.normalise(resize(pixels, self.height, self.width))
