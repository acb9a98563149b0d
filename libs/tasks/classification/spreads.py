"""How the scores of the classes spread: curves and thresholds from it.

Scores are counted in bins instead of kept: 10,000 classes of a million samples would be 40 GB.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.tasks.classification.ranking import areas, average_precisions, reaching
from libs.tasks.classification.tallies import Tally, mean

# Possible thresholds: even in the logit, where scores of rare classes crowd near 0, with 0.5 among them.
EDGES = (1 / (1 + np.exp(-np.linspace(-8, 8, 513)))).astype(np.float32)
NUM_EDGES = len(EDGES)
NUM_BINS = NUM_EDGES + 1
HALF = NUM_EDGES // 2


@dataclass(frozen=True)
class Spread:
    """`negatives`, `positives`: int64 [classes, bins], samples that are not or are of the class by the bin of
    its score. A score is in the bin of the number of edges that it reaches.

    `matches`: int64 [bins], differences of the number of samples that a threshold answers without fault.
    """

    negatives: np.ndarray
    positives: np.ndarray
    matches: np.ndarray
    num_samples: int

    def tally(self, edge: int) -> Tally:
        """With the threshold `EDGES[edge]`."""
        right = self.positives[:, edge + 1 :].sum(axis=1)
        wrong = self.negatives[:, edge + 1 :].sum(axis=1)
        return Tally(right, self.positives.sum(axis=1), right + wrong)

    def best_edge(self) -> int:
        """Of the highest F1 over all decisions (micro); the middle one where many are as good."""
        right, wrong = reaching(self.positives.sum(axis=0)), reaching(self.negatives.sum(axis=0))
        f1 = 2 * right[1:] / np.maximum(right[1:] + wrong[1:] + self.positives.sum(), 1)
        best = np.flatnonzero(f1 >= f1.max())
        return int(best[len(best) // 2]) if f1.max() > 0 else HALF

    def average_precisions(self) -> np.ndarray:
        """float64 [classes]; 0 where no sample is of the class."""
        return average_precisions(self.positives, self.negatives)

    def areas(self) -> np.ndarray:
        """float64 [classes], below the ROC curves; NaN where all samples are of the class, or none."""
        return areas(self.positives, self.negatives)

    def of(self, places: Sequence[int]) -> "Spread":
        """Of some classes; `matches` are of all and left as they are."""
        return Spread(self.negatives[places], self.positives[places], self.matches, self.num_samples)

    def roc(self) -> tuple[np.ndarray, np.ndarray]:
        """Share of false and of true alarms over all decisions, both growing from 0 to 1."""
        wrong, right = (reaching(each.sum(axis=0))[::-1] for each in (self.negatives, self.positives))
        return (
            np.append(0.0, wrong / max(1, wrong[-1])),
            np.append(0.0, right / max(1, right[-1])),
        )

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision over all decisions, one point per bin, recall falling."""
        right, wrong = reaching(self.positives.sum(axis=0)), reaching(self.negatives.sum(axis=0))
        precision = np.divide(right, right + wrong, out=np.ones(right.shape), where=right + wrong > 0)
        return right / max(1, right[0]), precision

    def metrics(self, edge: int) -> dict[str, float]:
        tally = self.tally(edge)
        present = tally.truths > 0
        faults = (tally.truths + tally.answers - 2 * tally.right).sum()
        return {
            "map": mean(self.average_precisions()[present]),
            "f1_micro": tally.f1_micro,
            **tally.macro(),
            "subset_accuracy": float(self.matches[: edge + 1].sum() / max(1, self.num_samples)),
            "hamming_loss": float(faults / max(1, self.num_samples * len(tally.truths))),
        }


def bins_of(scores: np.ndarray) -> np.ndarray:
    """Of float32 scores."""
    return np.searchsorted(EDGES, scores, side="right")


def edge_of(threshold: float) -> int:
    """The place of a threshold among the edges; the next higher where it is none."""
    return min(int(np.searchsorted(EDGES, np.float32(threshold))), NUM_EDGES - 1)


class Spreading:
    """Counts samples one by one; classes that an answer does not list are in the lowest bin."""

    def __init__(self, num_classes: int) -> None:
        shape = num_classes, NUM_BINS
        self._negatives, self._positives = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._matches = np.zeros(NUM_BINS, np.int64)
        self._num_samples = 0

    def add(self, true: np.ndarray, places: np.ndarray, scores: np.ndarray) -> None:
        """The places of a sample's classes, of those that its answer lists, and their float32 scores."""
        bins = bins_of(scores)
        of_class = np.isin(places, true)
        self._negatives[places[~of_class], bins[~of_class]] += 1
        self._positives[places[of_class], bins[of_class]] += 1
        unlisted = np.setdiff1d(true, places)
        self._positives[unlisted, 0] += 1
        lowest = 0 if len(unlisted) else int(bins[of_class].min(initial=NUM_BINS - 1))
        highest = int(bins[~of_class].max(initial=0))
        if highest < lowest:
            self._matches[highest] += 1
            self._matches[lowest] -= 1
        self._num_samples += 1

    def spread(self) -> Spread:
        negatives = self._negatives.copy()
        negatives[:, 0] += self._num_samples - negatives.sum(axis=1) - self._positives.sum(axis=1)
        return Spread(negatives, self._positives, self._matches, self._num_samples)


def together(spreads: Sequence[Spread]) -> Spread:
    """As if all samples had been counted at once; at least one."""
    return Spread(
        sum((each.negatives for each in spreads[1:]), spreads[0].negatives),
        sum((each.positives for each in spreads[1:]), spreads[0].positives),
        sum((each.matches for each in spreads[1:]), spreads[0].matches),
        sum(each.num_samples for each in spreads),
    )
