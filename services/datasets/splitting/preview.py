"""What a split looks like before it is saved: how many samples of which class each subset gets."""

from collections import Counter

import numpy as np

from libs.common.contracts.imports import ClassCount
from libs.common.contracts.splits import SubsetPreview
from services.datasets.splitting.columns import Dealt, Samples


def preview(samples: Samples, dealt: Dealt) -> tuple[SubsetPreview, ...]:
    """In the order of the subsets; a class counts the samples that have it."""
    code = {labels: number for number, labels in enumerate(dict.fromkeys(samples.labels))}
    codes = np.fromiter((code[labels] for labels in samples.labels), dtype=np.int64, count=len(samples))
    return tuple(
        _subset(name, np.bincount(codes[dealt.places == place], minlength=len(code)), list(code))
        for place, name in enumerate(dealt.subsets)
    )


def _subset(name: str, counts: np.ndarray, sets: list[tuple[str, ...]]) -> SubsetPreview:
    classes: Counter[str] = Counter()
    for number in np.flatnonzero(counts):
        for label in sets[number]:
            classes[label] += int(counts[number])
    return SubsetPreview(
        subset=name,
        num_samples=int(counts.sum()),
        classes=tuple(ClassCount(name=label, count=count) for label, count in sorted(classes.items())),
    )
