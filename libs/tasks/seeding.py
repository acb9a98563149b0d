"""Where everything that draws at random in this process starts from."""

import random

import numpy as np
import torch


def seed_all(*parts: int) -> int:
    """Python, NumPy and torch on every device; the same parts, the same draws. Returns torch's seed.

    Called at the start and anew for each epoch: so a resumed run needs no states of generators.
    """
    high, low = (int(word) for word in np.random.SeedSequence(parts).generate_state(2))
    seed = high << 32 | low
    random.seed(seed)
    np.random.seed(low)  # libraries draw from the global generator
    torch.manual_seed(seed)
    return seed
