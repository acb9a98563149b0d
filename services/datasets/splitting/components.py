"""What belongs together, directly or by way of others: union-find over whole arrays."""

from collections.abc import Hashable, Sequence

import numpy as np


class Components:
    """Of `size` members, each alone at first; `roots` names every member's component by its first member."""

    def __init__(self, size: int) -> None:
        self.roots = np.arange(size)

    def join(self, left: np.ndarray, right: np.ndarray) -> None:
        """Member `left[i]` belongs together with `right[i]`."""
        roots = self.roots
        while True:
            here, there = roots[left], roots[right]
            apart = here != there
            if not apart.any():
                return
            left, right, here, there = left[apart], right[apart], here[apart], there[apart]
            np.minimum.at(roots, np.maximum(here, there), np.minimum(here, there))
            self._flatten()

    def join_equal(self, keys: Sequence[Hashable | None]) -> None:
        """Members with the same key; those without one are joined with nobody."""
        first: dict[Hashable, int] = {}
        firsts = [number if key is None else first.setdefault(key, number) for number, key in enumerate(keys)]
        self.join(np.arange(len(firsts)), np.array(firsts, dtype=np.int64))

    def _flatten(self) -> None:
        """Every root is its own again."""
        while True:
            further = self.roots[self.roots]
            if np.array_equal(further, self.roots):
                return
            self.roots[:] = further
