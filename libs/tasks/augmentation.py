"""Random changes of training images, on the device and for a whole batch at once; each image gets its own."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from libs.tasks.config import Augmentation


def augment(images: Tensor, knobs: Augmentation, generator: Generator) -> Tensor:
    """float [batch, 3, h, w] in 0..255 → the same; `generator` on the CPU: a seed means the same anywhere."""
    if knobs.changes_geometry:
        images = _move(images, knobs, generator)
    if knobs.brightness or knobs.contrast:
        images = _light(images, knobs, generator)
    return images


def _between(low: float, high: float, count: int, generator: Generator) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def _move(images: Tensor, knobs: Augmentation, generator: Generator) -> Tensor:
    count, _, height, width = images.shape
    turn = _between(-1, 1, count, generator) * math.radians(knobs.rotate_degrees)
    scale = 1 / _between(1 - knobs.zoom, 1 + knobs.zoom, count, generator)
    shift = torch.rand(count, 2, generator=generator) * 2 - 1
    mirrored = torch.rand(count, generator=generator) < 0.5 if knobs.flip else torch.zeros(count).bool()
    side = torch.where(mirrored, -1.0, 1.0)
    cos, sin = torch.cos(turn) * scale, torch.sin(turn) * scale
    aspect = height / width
    theta = torch.stack(
        (
            torch.stack((cos * side, -sin * aspect, shift[:, 0] * 2 * knobs.shift), dim=1),
            torch.stack((sin * side / aspect, cos, shift[:, 1] * 2 * knobs.shift), dim=1),
        ),
        dim=1,
    ).to(images.device, images.dtype)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _light(images: Tensor, knobs: Augmentation, generator: Generator) -> Tensor:
    count = images.shape[0]
    brightness = 1 + _between(-knobs.brightness, knobs.brightness, count, generator)
    contrast = 1 + _between(-knobs.contrast, knobs.contrast, count, generator)
    brightness, contrast = (
        factor.to(images.device, images.dtype).view(-1, 1, 1, 1) for factor in (brightness, contrast)
    )
    images = images * brightness
    middle = images.mean(dim=(1, 2, 3), keepdim=True)
    return ((images - middle) * contrast + middle).clamp(0, 255)
