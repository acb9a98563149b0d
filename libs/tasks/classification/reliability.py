"""Whether answers are right as often as they claim, and from which confidence on to believe them."""

from dataclasses import dataclass, field

import numpy as np

from libs.common.contracts.reports import Curve, Histogram, ThresholdSearch

NUM_BINS = 15
NUM_BARS = 20
# Of which the best is looked for: whole percents.
THRESHOLDS = np.arange(100) / 100


@dataclass
class Reliability:
    """By equal stretches of what was claimed: how often, how much in sum, and how often it held."""

    counts: np.ndarray = field(default_factory=lambda: np.zeros(NUM_BINS, np.int64))
    claimed: np.ndarray = field(default_factory=lambda: np.zeros(NUM_BINS))
    held: np.ndarray = field(default_factory=lambda: np.zeros(NUM_BINS, np.int64))

    def add(self, claims: np.ndarray, has_held: np.ndarray) -> None:
        bins = np.minimum((claims * NUM_BINS).astype(np.int64), NUM_BINS - 1)
        self.counts += np.bincount(bins, minlength=NUM_BINS)
        self.claimed += np.bincount(bins, claims, minlength=NUM_BINS)
        self.held += np.bincount(bins[has_held], minlength=NUM_BINS)

    def merge(self, other: "Reliability") -> None:
        self.counts += other.counts
        self.claimed += other.claimed
        self.held += other.held

    @property
    def error(self) -> float:
        """Expected calibration error: how far claim and truth lie apart, on average over all claims."""
        return float(np.abs(self.claimed - self.held).sum() / max(1, self.counts.sum()))

    def curve(self) -> Curve:
        filled = self.counts > 0
        return Curve(
            title="Reliability: how often it is so, by how sure the model was",
            x_title="confidence",
            y_title="share that is right",
            x=tuple((self.claimed[filled] / self.counts[filled]).tolist()),
            y=tuple((self.held[filled] / self.counts[filled]).tolist()),
            diagonal="as often as the model was sure",
        )


def histogram(confidences: np.ndarray) -> Histogram:
    counts, edges = np.histogram(confidences, NUM_BARS, (0, 1))
    return Histogram(
        title="How sure the answers were",
        x_title="confidence",
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
    )


def best_refusal(confidences: np.ndarray, is_right: np.ndarray) -> ThresholdSearch:
    """Below which confidence to refuse: that with the best F1 of right answers, of several the lowest.

    `accuracy` is that of what is still answered, `coverage` how much that is; the recall in `f1_answered` is
    the share of all right answers that are still given. So an answer is refused only if that keeps back more
    wrong ones than it costs right ones, as F1 weighs them.
    """
    order = np.argsort(confidences, kind="stable")
    ordered, right = confidences[order].astype(np.float64), is_right[order]
    starts = np.searchsorted(ordered, THRESHOLDS)
    answered = len(ordered) - starts
    given = np.append(np.cumsum(right[::-1])[::-1], 0)[starts]
    f1 = 2 * given / np.maximum(answered + right.sum(), 1)
    values = {
        "f1_answered": f1,
        "accuracy": np.divide(given, answered, out=np.ones(len(f1)), where=answered > 0),
        "coverage": answered / max(1, len(ordered)),
    }
    return ThresholdSearch(
        metric="f1_answered",
        thresholds=tuple(THRESHOLDS.tolist()),
        values={name: tuple(each.tolist()) for name, each in values.items()},
        best=float(THRESHOLDS[int(np.argmax(f1))]),
    )
