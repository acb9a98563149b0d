"""Optimisers and learning-rate schedules by the names that configs use."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from libs.tasks.config import TrainingConfig
from libs.tasks.parameters import ParameterGroup

# Of one-cycle: where it starts, and how far below its start it ends.
FIRST_SHARE = 1 / 25
LAST_SHARE = FIRST_SHARE / 1e4
Shape = Callable[[int], float]


def optimiser_of(config: TrainingConfig, groups: Sequence[ParameterGroup]) -> Optimizer:
    rate, momentum = config.learning_rate, config.momentum
    parameters = [
        {
            "params": list(group.parameters),
            "lr": rate * group.rate_factor,
            "weight_decay": config.weight_decay * group.decay_factor,
        }
        for group in groups
    ]
    # One kernel per step; it unscales gradients of mixed precision itself, too late for them to be clipped.
    fused = config.gradient_clip is None
    match config.optimiser:
        case "adamw":
            return torch.optim.AdamW(parameters, lr=rate, fused=fused)
        case "adam":
            return torch.optim.Adam(parameters, lr=rate, fused=fused)
        case "sgd":
            nesterov = momentum > 0
            return torch.optim.SGD(parameters, lr=rate, momentum=momentum, nesterov=nesterov, fused=fused)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, momentum=momentum)


def schedule_of(
    config: TrainingConfig, optimiser: Optimizer, num_steps: int, steps_per_epoch: int
) -> LRScheduler | None:
    """Advances with every step; None where the rate does not depend on the step.

    A function of the step alone: a resume that has more or fewer steps before it than planned stays right.
    """
    shape = _shape(config, max(1, num_steps), max(1, steps_per_epoch))
    return None if shape is None else LambdaLR(optimiser, shape)


def plateau_of(
    config: TrainingConfig, optimiser: Optimizer, direction: Literal["min", "max"]
) -> ReduceLROnPlateau | None:
    """To be stepped with the primary metric of each epoch."""
    if config.schedule != "plateau":
        return None
    return ReduceLROnPlateau(
        optimiser,
        mode=direction,
        factor=config.schedule_factor,
        patience=config.plateau_patience - 1,  # torch counts the epochs that it forgives
        threshold=0.0,
        threshold_mode="abs",
    )


def _shape(config: TrainingConfig, num_steps: int, steps_per_epoch: int) -> Shape | None:
    """Step → what the learning rate is multiplied by."""
    warm = round(config.warm_up_share * num_steps)
    match config.schedule:
        case "none" | "plateau":
            return None
        case "step":
            every = steps_per_epoch * config.step_every_epochs
            return lambda step: config.schedule_factor ** (step // every)
        case "cosine":
            rise: Shape = lambda step: (step + 1) / (warm + 1)  # noqa: E731
            end = 0.0
        case "onecycle":
            rise = lambda step: _between(FIRST_SHARE, 1, step, 0, warm)  # noqa: E731
            end = LAST_SHARE
    return lambda step: rise(step) if step < warm else _between(1, end, step, warm, num_steps)


def _between(start: float, end: float, step: int, first: int, last: int) -> float:
    """Along half a cosine; the end is kept after the last step."""
    share = min(1.0, (step - first) / max(1, last - first))
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
