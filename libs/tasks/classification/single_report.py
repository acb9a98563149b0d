"""What a model that names one class per image is worth, from numbers of all its answers.

Up to twenty classes every score is kept, four bytes each, and what depends on their order is exact; of more
classes the scores are counted in bins (docs/decisions/0013).
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from libs.common.contracts.packages import ModelCard
from libs.common.contracts.predictions import ClassPrediction
from libs.common.contracts.reports import ConfusionMatrix, Curve, EvaluationReport, ReportView
from libs.tasks.classification import ranking
from libs.tasks.classification.reliability import Reliability, best_refusal, histogram
from libs.tasks.classification.single import NUM_LISTED, metrics_of
from libs.tasks.classification.spreads import NUM_BINS, Spread, Spreading, bins_of, together
from libs.tasks.classification.tallies import NUM_SHOWN, Tally, class_bars
from libs.tasks.classification.truths import label_of, places_of
from libs.tasks.codec import Judged

TOP = 5
ROWS_AT_ONCE = 65_536


@dataclass(frozen=True)
class Numbers:
    """Of each sample: the place of the true class and of the answer, how many listed classes were thought
    likelier than the true one, confidence and loss; `scores` [samples, classes] where they were kept."""

    true: np.ndarray
    answered: np.ndarray
    rank: np.ndarray
    confidence: np.ndarray
    loss: np.ndarray
    scores: np.ndarray | None

    @property
    def is_right(self) -> np.ndarray:
        return self.true == self.answered

    def where(self, fits: np.ndarray) -> "Numbers":
        columns = (self.true, self.answered, self.rank, self.confidence, self.loss, self.scores)
        return Numbers(*(None if each is None else each[fits] for each in columns))  # type: ignore[arg-type]


class Answers:
    """Fed one by one."""

    def __init__(self, card: ModelCard) -> None:
        self._places, self._num_classes = places_of(card), len(card.classes)
        self._subsets: dict[str, int] = {}
        self._subset, self._true, self._answered, self._rank = (array("i") for _ in range(4))
        self._confidence, self._loss, self._scores = array("f"), array("d"), array("f")
        self._spreading: dict[str, Spreading] = {}

    def add(self, judged: Judged) -> None:
        assert isinstance(judged.prediction, ClassPrediction)
        listed = [self._places[each.label] for each in judged.prediction.scores]
        scores = [each.score for each in judged.prediction.scores]
        true = self._places[label_of(judged.truth)]
        self._subset.append(self._subsets.setdefault(judged.subset, len(self._subsets)))
        self._true.append(true)
        self._answered.append(listed[0])
        self._rank.append(listed.index(true) if true in listed else len(listed))
        self._confidence.append(judged.prediction.score)
        self._loss.append(judged.score.loss or 0.0)
        if self._num_classes <= NUM_LISTED:
            self._scores.extend(score for _, score in sorted(zip(listed, scores, strict=True)))
        else:
            spreading = self._spreading.setdefault(judged.subset, Spreading(self._num_classes))
            spreading.add(np.array([true]), np.array(listed), np.array(scores, np.float32))

    def numbers(self) -> Numbers:
        is_whole = self._num_classes <= NUM_LISTED
        return Numbers(
            np.frombuffer(self._true, np.int32),
            np.frombuffer(self._answered, np.int32),
            np.frombuffer(self._rank, np.int32),
            np.frombuffer(self._confidence, np.float32),
            np.frombuffer(self._loss, np.float64),
            np.frombuffer(self._scores, np.float32).reshape(-1, self._num_classes) if is_whole else None,
        )

    def subsets(self, numbers: Numbers) -> Iterator[tuple[str, Numbers, Spread | None]]:
        codes = np.frombuffer(self._subset, np.int32)
        for name, code in sorted(self._subsets.items()):
            own = self._spreading[name].spread() if self._spreading else None
            yield name, numbers.where(codes == code), own


def report_of(judged: Iterable[Judged], card: ModelCard) -> EvaluationReport:
    answers = Answers(card)
    for each in judged:
        answers.add(each)
    numbers = answers.numbers()
    parts = list(answers.subsets(numbers))
    counted = [spread for _, _, spread in parts if spread is not None]
    spread = together(counted) if counted else None
    return EvaluationReport(
        num_samples=len(numbers.true),
        metrics=_metrics(numbers, spread, len(card.classes)),
        subset_metrics={name: _metrics(own, part, len(card.classes)) for name, own, part in parts},
        views=tuple(_views(numbers, spread, card)),
        threshold=best_refusal(numbers.confidence, numbers.is_right),
    )


def _metrics(numbers: Numbers, spread: Spread | None, num_classes: int) -> dict[str, float]:
    tally = Tally.of(numbers.true, numbers.answered, num_classes)
    top = {"top5_accuracy": float((numbers.rank < TOP).mean())} if num_classes > TOP else {}
    reliability = _reliability(numbers)
    return {
        **metrics_of(tally),
        **(top if len(numbers.true) else {}),
        **tally.weighted(),
        **ranking.macro(*_orders(numbers, spread, num_classes), tally.truths > 0),
        "calibration_error": reliability.error,
        "loss": float(numbers.loss.mean()) if len(numbers.loss) else 0.0,
    }


def _orders(numbers: Numbers, spread: Spread | None, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Area below the ROC curve and average precision of each class."""
    if numbers.scores is None:
        assert spread is not None
        return spread.areas(), spread.average_precisions()
    columns = [
        ranking.counted(numbers.scores[:, place], numbers.true == place) for place in range(num_classes)
    ]
    return (
        np.array([ranking.areas(*column) for column in columns]),
        np.array([ranking.average_precisions(*column) for column in columns]),
    )


def _reliability(numbers: Numbers) -> Reliability:
    found = Reliability()
    found.add(numbers.confidence.astype(np.float64), numbers.is_right)
    return found


def _views(numbers: Numbers, spread: Spread | None, card: ModelCard) -> Iterator[ReportView]:
    tally = Tally.of(numbers.true, numbers.answered, len(card.classes))
    areas, precisions = _orders(numbers, spread, len(card.classes))
    yield _confusion(numbers, card)
    more = {"average precision": precisions, "AUROC": areas}
    yield class_bars(tally, card.classes, more)
    spread = spread or _counted(numbers, len(card.classes))
    # With two classes the one is what the other is not.
    of, about = (
        (spread.of([1]), card.classes[1]) if len(card.classes) == 2 else (spread, "all classes together")
    )
    yield from curves(of, about)
    yield _reliability(numbers).curve()
    yield histogram(numbers.confidence)


def curves(spread: Spread, about: str) -> Iterator[Curve]:
    """At every threshold."""
    (wrong, right), (recall, precision) = spread.roc(), spread.curve()
    yield Curve(
        title=f"ROC curve: {about}",
        x_title="share of others taken for it",
        y_title="share found",
        x=tuple(wrong.tolist()),
        y=tuple(right.tolist()),
        diagonal="by chance",
    )
    yield Curve(
        title=f"Precision and recall at every threshold: {about}",
        x_title="recall",
        y_title="precision",
        x=tuple(recall.tolist()),
        y=tuple(precision.tolist()),
    )


def _counted(numbers: Numbers, num_classes: int) -> Spread:
    """Of scores that were kept, some at a time."""
    assert numbers.scores is not None
    counts = np.zeros((2, num_classes, NUM_BINS), np.int64)
    classes = np.arange(num_classes)
    for start in range(0, len(numbers.true), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        is_of_class = numbers.true[rows, None] == classes
        places = (is_of_class * num_classes + classes) * NUM_BINS + bins_of(numbers.scores[rows])
        counts += np.bincount(places.ravel(), minlength=counts.size).reshape(counts.shape)
    return Spread(counts[0], counts[1], np.zeros(NUM_BINS, np.int64), len(numbers.true))


def _confusion(numbers: Numbers, card: ModelCard) -> ConfusionMatrix:
    """Of all classes, or of those that are confused most."""
    counted = _pairs(numbers, len(card.classes))
    shown = _shown(counted, len(card.classes))
    counts = tuple(tuple(counted[true, answer] for answer in shown) for true in shown)
    classes = tuple(card.classes[place] for place in shown)
    if len(shown) == len(card.classes):
        return ConfusionMatrix(classes=classes, counts=counts)
    title = f"Confusion matrix: the {len(shown)} classes of {len(card.classes):,} with most mistakes"
    return ConfusionMatrix(classes=classes, counts=counts, title=title)


def _pairs(numbers: Numbers, num_classes: int) -> Counter[tuple[int, int]]:
    """How often which class was answered for which: no matrix, which of 10,000 would take 800 MB."""
    pairs, counts = np.unique(
        numbers.true.astype(np.int64) * num_classes + numbers.answered, return_counts=True
    )
    both = (divmod(pair, num_classes) for pair in pairs.tolist())
    return Counter(dict(zip(both, counts.tolist(), strict=True)))


def _shown(counted: Counter[tuple[int, int]], num_classes: int) -> list[int]:
    if num_classes <= NUM_SHOWN:
        return list(range(num_classes))
    mistakes: Counter[int] = Counter()
    for (true, answer), count in counted.items():
        if true != answer:
            mistakes[true] += count
            mistakes[answer] += count
    return sorted(place for place, _ in mistakes.most_common(NUM_SHOWN))
