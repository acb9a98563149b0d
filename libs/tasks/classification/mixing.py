"""Mixup and CutMix: training samples blended in pairs, and their targets with them."""

import math

import numpy as np
import torch
from torch import Generator, Tensor

from libs.tasks.classification.config import Config


def mixed(images: Tensor, targets: Tensor, config: Config, generator: Generator) -> tuple[Tensor, Tensor]:
    """One share for the batch, each image with another one. Targets come back as `losses` takes them."""
    kinds = [kind for kind in ("mixup", "cutmix") if getattr(config, kind) > 0]
    if not kinds or len(images) < 2:
        return images, targets
    kind = kinds[int(torch.randint(len(kinds), (), generator=generator))]
    share = _share(getattr(config, kind), generator)
    order = torch.randperm(len(images), generator=generator).to(images.device)
    if kind == "cutmix":
        images, share = _pasted(images, order, share, generator)
    else:
        images = images * share + images[order] * (1 - share)
    return images, _blended(targets, order, share)


def _share(alpha: float, generator: Generator) -> float:
    """From Beta(alpha, alpha), which torch itself draws without a generator."""
    seed = int(torch.randint(2**31, (), generator=generator))
    return float(np.random.default_rng(seed).beta(alpha, alpha))


def _pasted(images: Tensor, order: Tensor, share: float, generator: Generator) -> tuple[Tensor, float]:
    """A window of the other image; the share is what is left of the area after the border cut it off."""
    height, width = images.shape[-2:]
    half_height, half_width = (round(side * math.sqrt(1 - share) / 2) for side in (height, width))
    y, x = (int(torch.randint(side, (), generator=generator)) for side in (height, width))
    rows = slice(max(0, y - half_height), min(height, y + half_height))
    columns = slice(max(0, x - half_width), min(width, x + half_width))
    pasted = images.clone()
    pasted[..., rows, columns] = images[order][..., rows, columns]
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return pasted, 1 - area / (height * width)


def _blended(targets: Tensor, order: Tensor, share: float) -> Tensor:
    if targets.ndim == 2:
        return targets * share + targets[order] * (1 - share)
    # Doubles count classes exactly, however many there are.
    pairs = torch.stack((targets, targets[order]), dim=1).double()
    return torch.cat((pairs, torch.full_like(pairs[:, :1], share)), dim=1)
