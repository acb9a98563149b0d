"""Random geometry as one matrix per image: pixels, points, boxes and masks all move by the same one.

A matrix [3, 3] maps a place in the new image to the place in the old one that it shows, both with x and y
in -1..1 from edge to edge.
"""

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from libs.tasks.augmenting import Augmentation
from libs.tasks.drawing import Draws

# Of what automatic changes may do at full strength.
AUTOMATIC_DEGREES, AUTOMATIC_SHEAR, AUTOMATIC_SHARE = 30.0, 17.0, 0.3
MIN_SIDE = 0.1


def draw_matrices(knobs: Augmentation, draws: Draws, height: int, width: int) -> Tensor:
    """float32 [batch, 3, 3] on the CPU: crop and mirror, then turn, slant, zoom and shift, then tilt."""
    one = torch.ones(draws.count)
    none = torch.zeros(draws.count)
    turn = draws.within(knobs.rotate_degrees) + draws.automatic(AUTOMATIC_DEGREES)
    slant_x = draws.within(knobs.shear_degrees) + draws.automatic(AUTOMATIC_SHEAR)
    slant_y = draws.within(knobs.shear_degrees) + draws.automatic(AUTOMATIC_SHEAR)
    zoom = (1 + draws.within(knobs.zoom)) * (1 + draws.automatic(AUTOMATIC_SHARE))
    shift_x = 2 * (draws.within(knobs.shift) + draws.automatic(AUTOMATIC_SHARE))
    shift_y = 2 * (draws.within(knobs.shift) + draws.automatic(AUTOMATIC_SHARE))
    tilt_x, tilt_y = draws.within(knobs.perspective), draws.within(knobs.perspective)
    side_x, side_y = draws.side(knobs.flip), draws.side(knobs.flip_vertical)
    cut = _cut(knobs, draws)
    cos, sin = (function(turn * (math.pi / 180)) / zoom for function in (torch.cos, torch.sin))
    tan_x, tan_y = (torch.tan(each * (math.pi / 180)) for each in (slant_x, slant_y))
    # Turning and slanting happen among pixels, whose sides are equal; an image's need not be.
    aspect = height / width
    moved = _rows(
        (cos - sin * tan_y, (cos * tan_x - sin) * aspect, shift_x),
        ((sin + cos * tan_y) / aspect, sin * tan_x + cos, shift_y),
        (none, none, one),
    )
    tilted = _rows((one, none, none), (none, one, none), (tilt_x, tilt_y, one))
    mirrored = torch.diag_embed(torch.stack((side_x, side_y, one), dim=1))
    return moved @ tilted @ cut @ mirrored


def _cut(knobs: Augmentation, draws: Draws) -> Tensor:
    """A part of the image, wholly inside of it."""
    side = torch.sqrt(1 - draws.share() * knobs.crop)
    stretch = torch.exp(draws.within(math.log1p(knobs.stretch)) / 2)
    half_x, half_y = ((side * factor).clamp(MIN_SIDE, 1) for factor in (stretch, 1 / stretch))
    middle_x, middle_y = draws.within(1.0) * (1 - half_x), draws.within(1.0) * (1 - half_y)
    none, one = torch.zeros(draws.count), torch.ones(draws.count)
    return _rows((half_x, none, middle_x), (none, half_y, middle_y), (none, none, one))


def _rows(*rows: tuple[Tensor, ...]) -> Tensor:
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def warp(images: Tensor, matrices: Tensor, mode: Literal["bilinear", "nearest"] = "bilinear") -> Tensor:
    """float [batch, channels, h, w] → the same; what comes from outside continues the border."""
    is_tilted = bool(matrices[:, 2, :2].any())  # asked on the CPU, where matrices are drawn
    matrices = matrices.to(images.device, images.dtype)
    shape = [len(images), 1, *images.shape[2:]]
    # affine_grid gives, without the third row, what has to be divided by it.
    grid = functional.affine_grid(matrices[:, :2], shape, align_corners=False)
    if is_tilted:
        third = functional.affine_grid(matrices[:, [2, 2]], shape, align_corners=False)
        grid = grid / third
    return functional.grid_sample(images, grid, mode=mode, padding_mode="border", align_corners=False)


def mirror(images: Tensor, matrices: Tensor) -> Tensor:
    """For matrices that do nothing but mirror: exact, and several times faster than `warp`."""
    for axis, place in ((3, 0), (2, 1)):
        flipped = (matrices[:, place, place] < 0).to(images.device).view(-1, 1, 1, 1)
        images = torch.where(flipped, images.flip(axis), images)
    return images


def move_points(points: Tensor, matrices: Tensor) -> Tensor:
    """Where points of the old images are in the new ones: [batch, n, 2] as x, y in 0..1 → the same,
    outside of 0..1 where they have left the image."""
    forward = torch.linalg.inv(matrices.to(torch.float64)).to(points.dtype)
    ends = torch.cat((points * 2 - 1, torch.ones_like(points[..., :1])), dim=-1) @ forward.transpose(1, 2)
    return (ends[..., :2] / ends[..., 2:] + 1) / 2


def move_boxes(boxes: Tensor, matrices: Tensor) -> Tensor:
    """[batch, n, 4] as left, top, right, bottom in 0..1 → the upright boxes around what they have become,
    cut at the edges; one that has left the image has no area."""
    corners = torch.stack([boxes[..., list(pair)] for pair in ((0, 1), (2, 1), (2, 3), (0, 3))], dim=2)
    moved = move_points(corners.flatten(1, 2), matrices).view_as(corners).clamp(0, 1)
    return torch.cat((moved.amin(dim=2), moved.amax(dim=2)), dim=-1)
