"""A running average of a network's weights: smoother than the weights of any one step."""

import copy
from itertools import chain

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Average(nn.Module):
    """`network` holds the average, running statistics of norms included."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def follow(self, network: nn.Module, num_steps: int) -> None:
        """After step `num_steps`; the first steps count more, or the average would remember the start."""
        decay = min(self._decay, (1 + num_steps) / (10 + num_steps))
        pairs = list(zip(_values(self.network), _values(network), strict=True))
        floating = [pair for pair in pairs if pair[0].is_floating_point()]
        mine, theirs = map(list, zip(*floating, strict=True))
        get_ema_multi_avg_fn(decay)(mine, theirs, num_steps)
        for own, other in pairs:
            if not own.is_floating_point():
                own.copy_(other)


def _values(network: nn.Module) -> chain[torch.Tensor]:
    return chain(network.parameters(), network.buffers())
