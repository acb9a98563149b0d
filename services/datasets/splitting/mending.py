"""Single items moved or swapped as long as that brings totals and classes nearer to their shares."""

from itertools import chain, combinations

import numpy as np

from services.datasets.splitting.dealing import Dealer

# The last kinds only: small items with common labels are what can be moved without harm.
MOST_KINDS = 50_000
# Looked at in all moves together, and tried for swaps: some seconds.
MOST_LOOKS = 20_000_000
MOST_TRIES = 100_000_000
# Of each subset that many kinds are tried against each other.
MOST_PARTNERS = 300
# So much more a sample above the share of a subset counts than one above the share of a label in it.
WEIGHT_OF_TOTALS = 10
# Sums come out a little different on other processors; which of two equal gains is taken may not.
DECIMALS = 6
# Less may be what was rounded off: there and back again would each seem to gain.
LEAST_GAIN = 1e-5
# (gain, moves), each of them (kind, from, to).
Move = tuple[int, int, int]
Choice = tuple[float, tuple[Move, ...]]
NOTHING: Choice = (0.0, ())


class Mender:
    """Keeps the dealer's sum of squares small, with more weight on totals."""

    def __init__(self, dealer: Dealer) -> None:
        self._dealer = dealer
        self._first = max(0, len(dealer.kinds) - MOST_KINDS)
        kinds, labels = dealer.kinds, dealer.kinds.labels[self._first :]
        self._labels = np.array(list(chain.from_iterable(labels)))
        self._counts = np.array(list(chain.from_iterable(kinds.counts[self._first :])))
        self._starts = np.cumsum([0, *map(len, labels[:-1])])
        self._sizes = np.array(kinds.sizes[self._first :])
        self._dealt = np.array(dealer.dealt[self._first :])
        self._totals = dealer.totals()
        self._excess, self._surplus = np.array(dealer.excess), np.array(dealer.surplus)
        self._weight = WEIGHT_OF_TOTALS * max(1, self._counts.sum() / self._sizes.sum())
        self._costs = np.add.reduceat(self._counts**2, self._starts) + self._weight * self._sizes**2

    def mend(self) -> None:
        for place in np.flatnonzero(self._totals == 0):
            self._carry_out(self._best_move(int(place)))
        looks, tries = MOST_LOOKS, MOST_TRIES
        while looks > 0:
            looks -= self._labels.size
            choice = self._best_move()
            if choice[0] <= LEAST_GAIN and tries > 0:
                tries -= (MOST_PARTNERS * len(self._totals)) ** 2
                choice = self._best_swap()
            if choice[0] <= LEAST_GAIN:
                break
            self._carry_out(choice)
        self._dealer.dealt[self._first :] = self._dealt.tolist()

    def _best_move(self, target: int | None = None) -> Choice:
        """What gains most, to `target` at any price; nothing leaves a subset empty."""
        above = np.add.reduceat(self._counts[:, None] * self._excess[self._labels], self._starts)
        above = np.round(above + self._weight * self._sizes[:, None] * self._surplus, DECIMALS)
        may_leave = (self._dealt > 0) & (self._totals > self._sizes[:, None])
        leaving = np.where(may_leave, above, -np.inf)
        sources = leaving.argmax(axis=1)
        targets = above.argmin(axis=1) if target is None else np.full(len(above), target)
        rows = np.arange(len(above))
        gains = np.round(leaving[rows, sources] - above[rows, targets] - self._costs, DECIMALS)
        kind = int(gains.argmax())
        if gains[kind] == -np.inf:
            return NOTHING
        return float(gains[kind]), ((kind, int(sources[kind]), int(targets[kind])),)

    def _best_swap(self) -> Choice:
        """Of one item of a subset for one of another, among some of each."""
        partners = [self._partners(place) for place in range(len(self._totals))]
        weights = [self._vectors(kinds) for kinds in partners]
        levels = np.vstack([self._excess, np.sqrt(self._weight) * self._surplus]).T
        best = NOTHING
        for here, there in combinations(range(len(partners)), 2):
            if not (len(partners[here]) and len(partners[there])):
                continue
            slope = levels[here] - levels[there]
            ours, theirs = weights[here], weights[there]
            # |a - b|² is written out: there are many pairs.
            gains = (ours @ slope - (ours**2).sum(axis=1))[:, None] - (
                theirs @ slope + (theirs**2).sum(axis=1)
            )
            gains += 2 * ours @ theirs.T
            row, column = divmod(int(np.round(gains, DECIMALS).argmax()), gains.shape[1])
            if gains[row, column] > best[0]:
                left, right = int(partners[here][row]), int(partners[there][column])
                best = float(gains[row, column]), ((left, here, there), (right, there, here))
        return best

    def _partners(self, place: int) -> np.ndarray:
        kinds = np.flatnonzero(self._dealt[:, place])
        return kinds[:: len(kinds) // MOST_PARTNERS + 1]

    def _vectors(self, kinds: np.ndarray) -> np.ndarray:
        """[kind, label and total]: what one item adds to a subset."""
        vectors = np.zeros((len(kinds), len(self._excess) + 1))
        for row, kind in enumerate(kinds):
            start, end = self._span(kind)
            vectors[row, self._labels[start:end]] = self._counts[start:end]
        vectors[:, -1] = np.sqrt(self._weight) * self._sizes[kinds]
        return vectors

    def _span(self, kind: int) -> tuple[int, int]:
        start = int(self._starts[kind])
        return start, start + len(self._dealer.kinds.labels[self._first + kind])

    def _carry_out(self, choice: Choice) -> None:
        for kind, source, target in choice[1]:
            start, end = self._span(kind)
            labels, counts, size = self._labels[start:end], self._counts[start:end], self._sizes[kind]
            for place, more in ((source, -1), (target, 1)):
                self._excess[labels, place] += more * counts
                self._surplus[place] += more * size
                self._totals[place] += more * size
                self._dealt[kind, place] += more
