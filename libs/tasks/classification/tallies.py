"""Counts of a classifier's answers, which evaluation and training make alike, and metrics from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from libs.common.contracts.reports import ClassBar, ClassBars

# More classes than these nobody reads in one picture; the weakest are shown.
NUM_SHOWN = 100


@dataclass(frozen=True)
class Tally:
    """int64 [classes] each: samples answered rightly, samples that are of the class, answers of the class.

    No matrix of all pairs: of 10,000 classes that would take 800 MB.
    """

    right: np.ndarray
    truths: np.ndarray
    answers: np.ndarray

    @classmethod
    def of(cls, truths: ArrayLike, answers: ArrayLike, num_classes: int) -> "Tally":
        """One true class and one answer per sample."""
        true, answered = np.asarray(truths, np.int64), np.asarray(answers, np.int64)
        return cls(
            np.bincount(true[true == answered], minlength=num_classes),
            np.bincount(true, minlength=num_classes),
            np.bincount(answered, minlength=num_classes),
        )

    @property
    def precision(self) -> np.ndarray:
        """Per class; 0 where nothing was answered, as are all three where nothing is."""
        return self.right / np.maximum(self.answers, 1)

    @property
    def recall(self) -> np.ndarray:
        return self.right / np.maximum(self.truths, 1)

    @property
    def f1(self) -> np.ndarray:
        return 2 * self.right / np.maximum(self.truths + self.answers, 1)

    @property
    def f1_micro(self) -> float:
        return float(2 * self.right.sum() / max(1, (self.truths + self.answers).sum()))

    def macro(self) -> dict[str, float]:
        """Means over the classes that are present."""
        present = self.truths > 0
        return {
            "precision_macro": mean(self.precision[present]),
            "recall_macro": mean(self.recall[present]),
            "f1_macro": mean(self.f1[present]),
        }

    def weighted(self) -> dict[str, float]:
        """Means over the classes, each as often as there are samples of it."""
        total = max(1, int(self.truths.sum()))
        return {
            "precision_weighted": float(self.precision @ self.truths / total),
            "recall_weighted": float(self.recall @ self.truths / total),
            "f1_weighted": float(self.f1 @ self.truths / total),
        }


def mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def class_bars(
    tally: Tally, classes: Sequence[str], more: Mapping[str, np.ndarray] | None = None
) -> ClassBars:
    """Precision, recall, F1 and `more` of each class, of the weakest where they are many."""
    columns = {"precision": tally.precision, "recall": tally.recall, "f1": tally.f1, **(more or {})}
    places = np.arange(len(classes))
    if len(classes) > NUM_SHOWN:
        weakest = np.lexsort((-tally.truths, tally.f1, tally.truths == 0))[:NUM_SHOWN]
        places = np.sort(weakest)
    bars = tuple(
        ClassBar(
            name=classes[place],
            values={
                name: float(values[place]) for name, values in columns.items() if not np.isnan(values[place])
            },
            support=int(tally.truths[place]),
        )
        for place in places.tolist()
    )
    if len(bars) == len(classes):
        return ClassBars(bars=bars)
    return ClassBars(bars=bars, title=f"Per class: the {len(bars)} weakest of {len(classes):,}")
