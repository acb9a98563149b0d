"""Optimisers and learning-rate schedules by the names that configs use."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from libs.tasks.config import TrainingConfig

WARM_UP_SHARE = 0.2


def optimiser_of(config: TrainingConfig, parameters: Iterable[nn.Parameter]) -> Optimizer:
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimiser:
        case "adamw":
            return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
        case "adam":
            return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)
        case "sgd":
            return torch.optim.SGD(
                parameters,
                lr=rate,
                momentum=config.momentum,
                weight_decay=decay,
                nesterov=config.momentum > 0,
            )
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, momentum=config.momentum, weight_decay=decay)


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
                max_lr=config.learning_rate,
                total_steps=steps + 1,
                pct_start=WARM_UP_SHARE,
                cycle_momentum=False,
            )
        case "step":
            return StepLR(
                optimiser, step_size=max(1, int(steps_per_epoch) * max(1, config.epochs // 3)), gamma=0.1
            )
