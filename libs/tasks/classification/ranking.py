"""What an order of samples by their scores is worth, from counts by score: exact if every score has its own.

`positives` and `negatives` are [..., scores], samples that are or are not of the class, scores growing.
"""

import numpy as np


def reaching(counts: np.ndarray) -> np.ndarray:
    """Along the last axis: what lies at a score or above it."""
    return counts[..., ::-1].cumsum(axis=-1)[..., ::-1]


def areas(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Below the ROC curve: how often a sample of the class has the higher score of two, equals counting half.

    NaN where there are none to compare.
    """
    below = negatives.cumsum(axis=-1) - negatives
    pairs = positives.sum(axis=-1) * negatives.sum(axis=-1).astype(float)
    won = (positives * (below + negatives / 2)).sum(axis=-1)
    return np.divide(won, pairs, out=np.full(np.shape(won), np.nan), where=pairs > 0)


def average_precisions(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """0 where no sample is of the class."""
    right, wrong = reaching(positives), reaching(negatives)
    precision = np.divide(right, right + wrong, out=np.ones(right.shape), where=right + wrong > 0)
    recall = right / np.maximum(right[..., :1], 1)
    return (precision * -np.diff(recall, axis=-1, append=0.0)).sum(axis=-1)


def counted(scores: np.ndarray, is_of_class: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positives and negatives of one class by each score that there is."""
    found, places = np.unique(scores, return_inverse=True)
    positives = np.bincount(places[is_of_class], minlength=len(found))
    return positives, np.bincount(places, minlength=len(found)) - positives


def macro(areas: np.ndarray, precisions: np.ndarray, present: np.ndarray) -> dict[str, float]:
    """Means over the classes of which there are samples; left out where nothing can be said."""
    found = {}
    if not np.isnan(areas).all():
        found["auroc"] = float(np.nanmean(areas))
    if present.any():
        found["average_precision"] = float(precisions[present].mean())
    return found
