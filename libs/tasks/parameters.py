"""A network's parameters as the optimiser gets them: which learn, how fast, and which are pulled to zero."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class ParameterGroup:
    """`rate_factor` and `decay_factor` multiply the config's learning rate and weight decay."""

    parameters: tuple[nn.Parameter, ...]
    rate_factor: float = 1.0
    decay_factor: float = 1.0


def grouped(parameters: Iterable[nn.Parameter], rate_factor: float = 1.0) -> Sequence[ParameterGroup]:
    """Those that learn, in two groups: norms and biases, all of one dimension, are not pulled to zero."""
    learning = [each for each in parameters if each.requires_grad]
    decayed = tuple(each for each in learning if each.ndim > 1)
    others = tuple(each for each in learning if each.ndim <= 1)
    groups = (ParameterGroup(decayed, rate_factor), ParameterGroup(others, rate_factor, decay_factor=0.0))
    return tuple(group for group in groups if group.parameters)
