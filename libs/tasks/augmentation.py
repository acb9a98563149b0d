"""Random changes of training images, on the device and for a whole batch at once; each image gets its own."""

import torch
from torch import Generator, Tensor

from libs.tasks.augmenting import Augmentation
from libs.tasks.colours import ColourDraws, add_noise, blur, draw_colours, erase, recolour
from libs.tasks.drawing import Draws
from libs.tasks.geometry import draw_matrices, mirror, warp


def augment(images: Tensor, knobs: Augmentation, generator: Generator) -> Tensor:
    """float [batch, 3, h, w] in 0..255 → the same; `generator` on the CPU: a seed means the same anywhere."""
    if not knobs.changes_anything:
        return images
    return augment_with_matrices(images, knobs, generator)[0]


def augment_with_matrices(images: Tensor, knobs: Augmentation, generator: Generator) -> tuple[Tensor, Tensor]:
    """Also how each image was moved, [batch, 3, 3]; `libs.tasks.geometry` lets boxes and masks follow."""
    count, _, height, width = images.shape
    draws = Draws(count, knobs.automatic, knobs.automatic_strength, generator)
    matrices = draw_matrices(knobs, draws, height, width)
    colours = draw_colours(knobs, draws, height, width)
    if knobs.moves_pixels:
        images = warp(images, matrices)
    elif knobs.flip or knobs.flip_vertical:
        images = mirror(images, matrices)
    return _coloured(images, knobs, colours, generator), matrices


def _coloured(images: Tensor, knobs: Augmentation, drawn: ColourDraws, generator: Generator) -> Tensor:
    if knobs.changes_colours:
        images = recolour(images, drawn)
    if knobs.blur:
        images = blur(images, knobs.blur, drawn.blur)
    if knobs.noise:
        images = add_noise(images, drawn.noise, generator)
    if knobs.erase:
        images = erase(images, drawn.window)
    return images


def preview(image: Tensor, knobs: Augmentation, count: int, seed: int) -> Tensor:
    """uint8 [3, h, w] → uint8 [count, 3, h, w]: what a training may see of one sample."""
    batch = image.to(torch.float32).expand(count, -1, -1, -1)
    changed = augment(batch, knobs, Generator().manual_seed(seed))
    return changed.round().clamp(0, 255).to(torch.uint8)
