"""Random light and colour of images: brightness, contrast, saturation and hue are one small matrix each."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

from libs.tasks.augmenting import Augmentation
from libs.tasks.drawing import Draws

LUMA = (0.299, 0.587, 0.114)
AUTOMATIC_SHARE, AUTOMATIC_HUE_DEGREES = 0.9, 90.0
ERASED = 0.02, 0.33
MAX_STRETCH = 3.3


@dataclass(frozen=True)
class ColourDraws:
    """Per image, on the CPU: `mixing` [batch, 3, 3] of the channels, `contrast` about the image's mean,
    shares of `blur` and `noise`, and the erased `window` as left, top, right, bottom in 0..1."""

    mixing: Tensor
    contrast: Tensor
    blur: Tensor
    noise: Tensor
    window: Tensor


def draw_colours(knobs: Augmentation, draws: Draws, height: int, width: int) -> ColourDraws:
    brightness = _factor(draws, knobs.brightness)
    contrast = _factor(draws, knobs.contrast)
    saturation = _factor(draws, knobs.saturation)
    hue = draws.within(knobs.hue_degrees) + draws.automatic(AUTOMATIC_HUE_DEGREES)
    saturation = torch.where(draws.is_chosen(knobs.grayscale), 0.0, saturation)
    mixing = brightness.view(-1, 1, 1) * (_hue(hue) @ _saturation(saturation))
    return ColourDraws(mixing, contrast, draws.share(), draws.share() * knobs.noise, _window(knobs, draws))


def _factor(draws: Draws, limit: float) -> Tensor:
    return (1 + draws.within(limit)) * (1 + draws.automatic(AUTOMATIC_SHARE))


def _saturation(factor: Tensor) -> Tensor:
    """Between the image's grey (0) and beyond its colours (2)."""
    grey = torch.tensor(LUMA).expand(3, 3)
    return grey + factor.view(-1, 1, 1) * (torch.eye(3) - grey)


def _hue(degrees: Tensor) -> Tensor:
    """A turn about the grey axis (Rodrigues' formula), which leaves greys alone."""
    axis = 1 / math.sqrt(3)
    across = torch.tensor([[0.0, -axis, axis], [axis, 0.0, -axis], [-axis, axis, 0.0]])
    cos, sin = (function(degrees * (math.pi / 180)).view(-1, 1, 1) for function in (torch.cos, torch.sin))
    return cos * torch.eye(3) + (1 - cos) / 3 + sin * across


def _window(knobs: Augmentation, draws: Draws) -> Tensor:
    low, high = ERASED
    area = low + (high - low) * draws.share()
    stretch = torch.exp(draws.within(math.log(MAX_STRETCH)) / 2)
    size = torch.stack(((area.sqrt() * stretch).clamp(max=1), (area.sqrt() / stretch).clamp(max=1)), dim=1)
    start = torch.stack((draws.share(), draws.share()), dim=1) * (1 - size)
    window = torch.cat((start, start + size), dim=1)
    return torch.where(draws.is_chosen(knobs.erase).view(-1, 1), window, 0.0)


def recolour(images: Tensor, drawn: ColourDraws) -> Tensor:
    """float [batch, 3, h, w] in 0..255 → the same."""
    mixing, contrast = (
        each.to(images.device, images.dtype) for each in (drawn.mixing, drawn.contrast.view(-1, 1, 1))
    )
    pixels = images.flatten(2)
    # Greys stay grey under the mixing, so the mean that contrast is about mixes like a pixel.
    middle = mixing.sum(dim=2, keepdim=True) * pixels.mean(dim=(1, 2)).view(-1, 1, 1)
    mixed = torch.baddbmm(middle * (1 - contrast), mixing * contrast, pixels)
    return mixed.clamp_(0, 255).view_as(images)


def blur(images: Tensor, width: float, shares: Tensor) -> Tensor:
    """`width` is the bell's standard deviation in pixels; an image's share blends between itself and that."""
    reach = min(math.ceil(3 * width), min(images.shape[2:]) - 1)
    places = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    bell = torch.exp(-(places**2) / (2 * width**2))
    bell = (bell / bell.sum()).repeat(3, 1, 1, 1)
    padded = functional.pad(images, (reach,) * 4, mode="reflect")
    blurred = functional.conv2d(functional.conv2d(padded, bell, groups=3), bell.mT, groups=3)
    return torch.lerp(images, blurred, shares.to(images.device, images.dtype).view(-1, 1, 1, 1))


def add_noise(images: Tensor, levels: Tensor, generator: Generator) -> Tensor:
    """Drawn on the images' device from a number of `generator`: on the CPU it would outlast the step."""
    seed = int(torch.randint(2**31, (), generator=generator))
    own = Generator(images.device).manual_seed(seed)
    noise = torch.randn(images.shape, generator=own, device=images.device, dtype=images.dtype)
    return (images + noise * levels.to(images.device, images.dtype).view(-1, 1, 1, 1)).clamp_(0, 255)


def erase(images: Tensor, window: Tensor) -> Tensor:
    """What lies inside the window becomes the mean of the image."""
    height, width = images.shape[2:]
    left, top, right, bottom = window.to(images.device).view(-1, 4, 1).unbind(1)
    x = (torch.arange(width, device=images.device) + 0.5) / width
    y = (torch.arange(height, device=images.device) + 0.5) / height
    inside = ((y >= top) & (y < bottom))[:, None, :, None] & ((x >= left) & (x < right))[:, None, None, :]
    return torch.where(inside, images.mean(dim=(2, 3), keepdim=True), images)
