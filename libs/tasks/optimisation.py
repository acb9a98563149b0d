"""Optimisers and learning-rate schedules by the names that configs use."""

from collections.abc import Sequence

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from libs.tasks.config import TrainingConfig
from libs.tasks.parameters import ParameterGroup

WARM_UP_SHARE = 0.2


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
    match config.optimiser:
        case "adamw":
            return torch.optim.AdamW(parameters, lr=rate)
        case "adam":
            return torch.optim.Adam(parameters, lr=rate)
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=momentum, nesterov=momentum > 0)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, momentum=momentum)


def schedule_of(
    config: TrainingConfig, optimiser: Optimizer, num_steps: int, steps_per_epoch: int | float
) -> LRScheduler | None:
    """Advances with every step; None keeps the rate."""
    steps = max(1, num_steps)
    match config.schedule:
        case "none":
            return None
        case "cosine":
            return CosineAnnealingLR(optimiser, T_max=steps)
        case "onecycle":
            return OneCycleLR(
                optimiser,
                max_lr=[group["lr"] for group in optimiser.param_groups],
                total_steps=steps + 1,
                pct_start=WARM_UP_SHARE,
                cycle_momentum=False,
            )
        case "step":
            return StepLR(
                optimiser, step_size=max(1, int(steps_per_epoch) * max(1, config.epochs // 3)), gamma=0.1
            )
