"""Splits of a million samples, dealt out as the room does; what the database gives is generated here."""

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit

from benchmarks.results import Result
from libs.common.contracts.splits import FieldGroup, RatioSplit
from services.datasets.splitting import Samples, deal

NUM_SAMPLES = 1_000_000
NUM_CLASSES = 100
# Frames of a video, mostly alike.
FRAMES = 20
NEAR = 4
NUM_FOLDS = 5


def measure(num_samples: int = NUM_SAMPLES) -> list[Result]:
    samples, labels, videos = _samples(num_samples)
    alone = StratifiedShuffleSplit(1, test_size=1 / NUM_FOLDS, random_state=0)
    together = StratifiedGroupKFold(NUM_FOLDS, shuffle=True, random_state=0)
    stratified = partial(_first, alone, labels, None)
    grouped = partial(_first, together, labels, videos)
    video = FieldGroup(field="video")
    return [
        _result("stratified", samples, RatioSplit(), stratified, "StratifiedShuffleSplit"),
        _result("by group", samples, RatioSplit(group=video), grouped, "StratifiedGroupKFold"),
        _result(
            "near-duplicates",
            samples,
            RatioSplit(near_duplicates=NEAR),
            grouped,
            "StratifiedGroupKFold, which is told what ours has to find",
        ),
    ]


def _result(
    title: str, samples: Samples, method: RatioSplit, baseline: Callable[[], object], compared: str
) -> Result:
    ours, theirs = _seconds(lambda: deal(samples, method)), _seconds(baseline)
    return Result(
        f"split of {len(samples):,} samples: {title}",
        f"{ours:.1f} s, {ours / theirs:.1f} times",
        "≤ 60 s",
        f"scikit-learn {theirs:.1f} s: {compared}; ours goes by content and extends earlier splits; "
        "one turn each",
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _first(
    splitter: StratifiedShuffleSplit | StratifiedGroupKFold, labels: np.ndarray, groups: object
) -> None:
    next(splitter.split(labels, labels, groups))


def _samples(num_samples: int) -> tuple[Samples, np.ndarray, np.ndarray]:
    """Videos of one class each; the frames of one differ in a few bits of their hashes."""
    random = np.random.default_rng(0)
    videos = np.arange(num_samples) // FRAMES
    labels = (videos * 7919) % NUM_CLASSES
    hashes = random.integers(-(2**63), 2**63, videos[-1] + 1, dtype=np.int64)[videos]
    hashes ^= np.int64(1) << random.integers(0, 63, num_samples)
    made = Samples(
        ids=[UUID(int=number) for number in range(num_samples)],
        labels=[(f"class {label}",) for label in labels.tolist()],
        digests=[f"{number:064x}" for number in range(num_samples)],
        hashes=hashes.tolist(),
        fields={"video": [f"video {video}" for video in videos.tolist()]},
    )
    return made, labels, videos
