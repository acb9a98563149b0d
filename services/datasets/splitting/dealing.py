"""How items are dealt out to subsets by ratio, so that totals and classes come out as close as they can.

Everybody's fair share is a fraction. One kind of items after the other is rounded to whole items, in the way
that makes up best for what the others rounded: what each label and each subset has above its share is
squared, summed up and kept small (iterative stratification after K. Sechidis, G. Tsoumakas, I. Vlahavas, "On
the Stratification of Multi-label Data", 2011, dealt by whole kinds and gone through more than once). In the
end single items are moved where that mends more (`mending.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.datasets.splitting.items import Kinds

MOST_PASSES = 3
# In all passes together: a million take some seconds.
MOST_ROUNDINGS = 1_000_000
EPSILON = 1e-9


@dataclass(frozen=True)
class Held:
    """What lies in subsets already: samples by label and subset, and by subset."""

    labels: np.ndarray
    totals: np.ndarray


class Dealer:
    """`excess[label][subset]` and `surplus[subset]`: samples above the share; what is not dealt yet has none.

    `dealt` is what comes out: of each kind, how many items each subset gets.
    """

    def __init__(self, kinds: Kinds, ratios: Sequence[float], held: Held) -> None:
        self.kinds = kinds
        self.excess: list[list[float]] = _above_share(held.labels, ratios).tolist()
        self.surplus: list[float] = _above_share(held.totals[None], ratios)[0].tolist()
        self.dealt: list[list[int]] = [[] for _ in range(len(kinds))]
        self._ratios = list(ratios)
        self._held = held

    def deal(self) -> None:
        for number in range(max(1, min(MOST_PASSES, MOST_ROUNDINGS // max(len(self.kinds), 1)))):
            for kind in range(len(self.kinds)):
                if number:
                    self._count(kind, -1)
                self.dealt[kind] = self._rounded(kind)
                self._count(kind, 1)

    def totals(self) -> np.ndarray:
        """Samples of each subset."""
        if not self.dealt:
            return self._held.totals.copy()
        return self._held.totals + np.array(self.kinds.sizes) @ np.array(self.dealt)

    def _rounded(self, kind: int) -> list[int]:
        """`above`: how much an item of the kind would add to what is too much already."""
        size, num, counts = self.kinds.sizes[kind], self.kinds.nums[kind], self.kinds.counts[kind]
        above = [size * surplus for surplus in self.surplus]
        for label, count in zip(self.kinds.labels[kind], counts, strict=True):
            for place, more in enumerate(self.excess[label]):
                above[place] += count * more
        weight = size * size + sum([count * count for count in counts])
        if num == 1:
            return self._one(weight, above)
        middle = sum(above) / len(above)
        shares = _not_negative(
            [num * ratio - (more - middle) / weight for ratio, more in zip(self._ratios, above, strict=True)]
        )
        whole = [int(share + EPSILON) for share in shares]
        rests = [share - each for share, each in zip(shares, whole, strict=True)]
        for place in sorted(range(len(rests)), key=lambda place: -rests[place])[: num - sum(whole)]:
            whole[place] += 1
        return whole

    def _one(self, weight: int, above: Sequence[float]) -> list[int]:
        """Most kinds of grouped data are a single item."""
        best, most = 0, float("-inf")
        for place, ratio in enumerate(self._ratios):
            wish = weight * ratio - above[place]
            if wish > most:
                best, most = place, wish
        whole = [0] * len(self._ratios)
        whole[best] = 1
        return whole

    def _count(self, kind: int, times: int) -> None:
        size, num = self.kinds.sizes[kind], self.kinds.nums[kind]
        more = [
            times * (each - num * ratio) for each, ratio in zip(self.dealt[kind], self._ratios, strict=True)
        ]
        for place, items in enumerate(more):
            self.surplus[place] += size * items
        for label, count in zip(self.kinds.labels[kind], self.kinds.counts[kind], strict=True):
            row = self.excess[label]
            for place, items in enumerate(more):
                row[place] += count * items


def _above_share(counts: np.ndarray, ratios: Sequence[float]) -> np.ndarray:
    return counts - counts.sum(axis=1, keepdims=True) * np.asarray(ratios)


def _not_negative(shares: list[float]) -> list[float]:
    """With the same sum: what is below nothing is taken from the others in equal parts."""
    taking = list(range(len(shares)))
    while short := [place for place in taking if shares[place] < 0]:
        missing = -sum(shares[place] for place in short)
        taking = [place for place in taking if shares[place] >= 0]
        for place in short:
            shares[place] = 0.0
        for place in taking:
            shares[place] -= missing / len(taking)
    return shares
