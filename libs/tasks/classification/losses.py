"""What training makes small. Each takes logits [batch, classes] and gives one number per sample.

Targets of one class per image are places [batch], or, where mixing has blended two samples, rows of both
places and the share of the first [batch, 3]; those of several classes are [batch, classes] in 0..1.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from libs.common.contracts.packages import ModelCard
from libs.tasks.classification.truths import is_multi_label


@dataclass(frozen=True)
class Aim:
    """The knobs that losses ask for, by themselves: a whole config is not read at every step."""

    loss: str
    gamma: float
    smoothing: float

    @classmethod
    def of(cls, card: ModelCard) -> "Aim":
        config = card.config
        return cls(
            config.get("loss", "auto"), config.get("focal_gamma", 2.0), config.get("label_smoothing", 0.0)
        )


def loss_of(outputs: Tensor, targets: Tensor, card: ModelCard) -> Tensor:
    """Mean over the batch; in single precision, as exponents of half precision overflow."""
    aim, logits = Aim.of(card), outputs.float()
    weights = _weights(tuple(card.plan.get("class_weights", ())), outputs.device)
    if is_multi_label(card):
        return _several(logits, targets.to(logits.dtype), aim, weights).mean()
    if targets.ndim == 1:
        return _one(logits, targets, aim, weights).mean()
    first, second, share = targets.unbind(dim=1)
    share = share.to(logits.dtype)
    blended = share * _one(logits, first.long(), aim, weights)
    return (blended + (1 - share) * _one(logits, second.long(), aim, weights)).mean()


def _one(logits: Tensor, places: Tensor, aim: Aim, weights: Tensor | None) -> Tensor:
    if aim.loss == "bce":
        wanted = functional.one_hot(places, logits.shape[1]).to(logits.dtype)
        losses = _binary(logits, wanted, aim, None).sum(dim=1)
        return losses if weights is None else losses * weights[places]
    losses = functional.cross_entropy(
        logits, places, weights, reduction="none", label_smoothing=aim.smoothing
    )
    if aim.loss == "focal":
        given = logits.softmax(dim=1).gather(1, places[:, None])[:, 0]
        losses = losses * (1 - given).clamp(min=0) ** aim.gamma
    return losses


def _several(logits: Tensor, wanted: Tensor, aim: Aim, weights: Tensor | None) -> Tensor:
    losses = _binary(logits, wanted, aim, weights)
    if aim.loss == "focal":
        losses = losses * (wanted - logits.sigmoid()).abs() ** aim.gamma
    return losses.mean(dim=1)


def _binary(logits: Tensor, wanted: Tensor, aim: Aim, weights: Tensor | None) -> Tensor:
    """Smoothing draws every answer towards undecided."""
    return functional.binary_cross_entropy_with_logits(
        logits, wanted * (1 - aim.smoothing) + aim.smoothing / 2, reduction="none", pos_weight=weights
    )


@lru_cache(maxsize=8)
def _weights(values: tuple[float, ...], device: torch.device) -> Tensor | None:
    return torch.tensor(values, device=device) if values else None
