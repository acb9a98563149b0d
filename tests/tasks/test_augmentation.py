"""Random changes of training images: each does what its knob says, and targets move with their images."""

import pytest
import torch
from torch import Generator, Tensor

from libs.tasks.augmentation import augment, augment_with_matrices, preview
from libs.tasks.augmenting import Augmentation
from libs.tasks.geometry import move_boxes, move_points, warp

OFF = {"rotate_degrees": 0, "shift": 0, "zoom": 0}
GEOMETRY = [
    {"flip": True, **OFF},
    {"flip": True, "flip_vertical": True, **OFF},
    {**OFF, "rotate_degrees": 60},
    {**OFF, "shift": 0.2},
    {**OFF, "zoom": 0.4},
    {**OFF, "shear_degrees": 20},
    {**OFF, "perspective": 0.3},
    {**OFF, "crop": 0.5, "stretch": 0.3},
    {"rotate_degrees": 20, "zoom": 0.2, "perspective": 0.1, "crop": 0.2, "flip": True},
]
COLOUR = [
    {"brightness": 0.5},
    {"contrast": 0.5},
    {"saturation": 0.8},
    {"hue_degrees": 90},
    {"grayscale": 0.5},
    {"blur": 2.0},
    {"noise": 20.0},
    {"erase": 0.5},
]


def changed(images: Tensor, seed: int = 0, **knobs: float) -> Tensor:
    return augment(images, Augmentation.model_validate(knobs), Generator().manual_seed(seed))


def pictures(count: int = 8, height: int = 24, width: int = 40) -> Tensor:
    return torch.rand(count, 3, height, width, generator=Generator().manual_seed(7)) * 255


@pytest.mark.parametrize("knobs", [*GEOMETRY, *({**OFF, **each} for each in COLOUR), {"automatic": 2}])
def test_a_knob_changes_each_image_in_its_own_way_and_a_seed_repeats_it(knobs: dict[str, float]):
    images = pictures(1).expand(8, -1, -1, -1)
    once = changed(images, **knobs)
    assert once.shape == images.shape
    assert once.min() >= 0 and once.max() <= 255.001
    assert torch.equal(once, changed(images, **knobs))
    assert not torch.equal(once, changed(images, seed=1, **knobs))
    assert len({tuple(each.flatten().tolist()) for each in once}) > 1
    assert torch.equal(images, pictures(1).expand(8, -1, -1, -1)), "what was given is left as it was"


def test_with_everything_off_an_image_stays_as_it_is():
    assert torch.equal(changed(pictures(), **OFF), pictures())


@pytest.mark.parametrize("knobs", [each for each in GEOMETRY if "flip" not in each or "zoom" in each])
def test_a_point_is_found_where_its_image_has_moved_it(knobs: dict[str, float]):
    """A bright spot at a known place, looked for where the matrices say it went."""
    height, width = 60, 90
    images = torch.zeros(16, 3, height, width)
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    place = torch.tensor([0.55, 0.42])
    images[:] = 255 * torch.exp(-((x - place[0] * width) ** 2 + (y - place[1] * height) ** 2) / 18)
    config = Augmentation.model_validate(knobs)
    moved, matrices = augment_with_matrices(images, config, Generator().manual_seed(3))
    expected = move_points(place.expand(16, 1, 2), matrices)[:, 0]
    inside = ((expected > 0.1) & (expected < 0.9)).all(dim=1)
    assert inside.sum() >= 4
    weights = (moved[:, 0] ** 4)[inside]
    total = weights.sum(dim=(1, 2))
    found = torch.stack(
        ((weights * x).sum((1, 2)) / total / width, (weights * y).sum((1, 2)) / total / height)
    )
    assert (found.T - expected[inside]).abs().max() < 0.015


def test_a_mirrored_image_is_mirrored_to_the_pixel_and_its_boxes_with_it():
    config = Augmentation(flip=True, flip_vertical=True, **OFF)
    moved, matrices = augment_with_matrices(pictures(32), config, Generator().manual_seed(0))
    boxes = move_boxes(torch.tensor([0.1, 0.2, 0.4, 0.9]).expand(32, 1, 4), matrices)[:, 0]
    kinds = set()
    for image, old, matrix, box in zip(moved, pictures(32), matrices, boxes, strict=True):
        sides = matrix[0, 0] < 0, matrix[1, 1] < 0
        axes = [axis for axis, is_mirrored in zip((2, 1), sides, strict=True) if is_mirrored]
        assert torch.equal(image, old.flip(axes))
        left, right = (0.6, 0.9) if sides[0] else (0.1, 0.4)
        top, bottom = (0.1, 0.8) if sides[1] else (0.2, 0.9)
        assert box.tolist() == pytest.approx([left, top, right, bottom], abs=1e-6)
        kinds.add(tuple(map(bool, sides)))
    assert len(kinds) == 4


def test_a_box_that_leaves_the_image_has_no_area():
    shifted = torch.eye(3).repeat(1, 1, 1)
    shifted[:, 0, 2] = 1.0  # shows what was half an image to the right
    boxes = torch.tensor([[[0.0, 0.0, 0.3, 0.5], [0.25, 0.25, 0.75, 0.75]]])
    assert move_boxes(boxes, shifted)[0].tolist() == [[0.0, 0.0, 0.0, 0.5], [0.0, 0.25, 0.25, 0.75]]


def test_masks_keep_their_numbers_when_they_move():
    masks = torch.arange(4.0).repeat_interleave(16).view(1, 1, 8, 8)
    _, matrices = augment_with_matrices(
        torch.zeros(1, 3, 8, 8), Augmentation(rotate_degrees=45), Generator().manual_seed(0)
    )
    assert set(warp(masks, matrices, "nearest").unique().tolist()) <= {0.0, 1.0, 2.0, 3.0}


def test_a_crop_shows_nothing_from_outside_of_the_image():
    _, matrices = augment_with_matrices(
        pictures(64), Augmentation(crop=0.9, stretch=1.0, **OFF), Generator().manual_seed(0)
    )
    corners = torch.tensor([[-1.0, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]])
    assert (matrices @ corners.T)[:, :2].abs().max() <= 1 + 1e-6


def test_greys_stay_grey_and_a_grey_scale_image_is_one():
    grey = pictures()[:, :1].expand(-1, 3, -1, -1)
    turned = changed(grey, hue_degrees=180, saturation=1.0, **OFF)
    assert (turned - grey).abs().max() < 0.01
    colourless = changed(pictures(), grayscale=1.0, **OFF)
    assert (colourless - colourless[:, :1]).abs().max() < 0.01


def test_turning_one_knob_leaves_what_the_others_do():
    images = pictures()
    _, alone = augment_with_matrices(images, Augmentation(), Generator().manual_seed(5))
    _, beside = augment_with_matrices(images, Augmentation(brightness=0.4), Generator().manual_seed(5))
    assert torch.equal(alone, beside)


def test_a_preview_shows_several_looks_of_one_sample():
    image = pictures(1)[0].to(torch.uint8)
    shown = preview(image, Augmentation(), 5, seed=0)
    assert (shown.shape, shown.dtype) == ((5, 3, 24, 40), torch.uint8)
    assert torch.equal(shown, preview(image, Augmentation(), 5, seed=0))
