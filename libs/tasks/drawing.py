"""Random numbers of a batch, one per image and kind of change, always drawn in the same order."""

import torch
from torch import Generator, Tensor

# More than are asked for: drawing them at once is one call.
MAX_KINDS = 48
NUM_AUTOMATIC = 10


class Draws:
    """Uniform numbers on the CPU; a change that is turned off still takes its number, so that turning one
    on leaves the others as they were."""

    def __init__(self, count: int, num_automatic: int, strength: float, generator: Generator) -> None:
        self.count = count
        self._numbers = iter(torch.rand(MAX_KINDS, count, generator=generator))
        picks = torch.rand(NUM_AUTOMATIC, count, generator=generator).argsort(dim=0).argsort(dim=0)
        self._strengths = iter((picks < num_automatic) * strength)

    def share(self) -> Tensor:
        """[batch] in 0..1."""
        return next(self._numbers)

    def within(self, limit: float) -> Tensor:
        """[batch] in -limit..limit."""
        return (self.share() * 2 - 1) * limit

    def side(self, is_on: bool) -> Tensor:
        """[batch] of 1, or of -1 half of the time."""
        return torch.where(self.share() < 0.5, -1.0 if is_on else 1.0, 1.0)

    def is_chosen(self, chance: float) -> Tensor:
        """[batch] of booleans."""
        return self.share() < chance

    def automatic(self, limit: float) -> Tensor:
        """[batch] in -limit..limit where this change was picked for the image, else 0; asked ten times."""
        return self.within(limit) * next(self._strengths)
