"""How the scores of the classes spread, for answers of several classes: curves and a threshold from it.

Scores are counted in bins instead of kept: 10,000 classes of a million samples would be 40 GB.
"""

from dataclasses import dataclass

import numpy as np

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
        right, wrong = _reaching(self.positives.sum(axis=0)), _reaching(self.negatives.sum(axis=0))
        f1 = 2 * right[1:] / np.maximum(right[1:] + wrong[1:] + self.positives.sum(), 1)
        best = np.flatnonzero(f1 >= f1.max())
        return int(best[len(best) // 2]) if f1.max() > 0 else HALF

    def average_precisions(self) -> np.ndarray:
        """float64 [classes]; 0 where no sample is of the class."""
        precision, recall = _curve(self.positives, self.negatives)
        steps = -np.diff(recall, axis=1, append=0.0)
        return (precision * steps).sum(axis=1)

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision over all decisions, one point per bin, recall falling."""
        precision, recall = _curve(
            self.positives.sum(axis=0, keepdims=True), self.negatives.sum(axis=0, keepdims=True)
        )
        return recall[0], precision[0]

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


def _reaching(counts: np.ndarray) -> np.ndarray:
    """Along the last axis: what lies in a bin or above it."""
    return counts[..., ::-1].cumsum(axis=-1)[..., ::-1]


def _curve(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall [classes, bins] of what reaches each bin."""
    right, wrong = _reaching(positives), _reaching(negatives)
    precision = np.divide(right, right + wrong, out=np.ones(right.shape), where=right + wrong > 0)
    return precision, right / np.maximum(right[:, :1], 1)
