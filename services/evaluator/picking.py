"""Which samples of an evaluation make up a page: filtered and in order, from its columns."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from libs.common.contracts.results import ListSampleResults, ResultSort
from services.evaluator.columns import NAMES, WORDS, Columns

# The first are looked at alone, as they often make up a page; then so many times more each time.
FIRST, MORE = 4096, 16
# So many names are searched one by one in the time that a million take at once.
FEW = 50_000


@dataclass(frozen=True)
class Choice:
    """What is asked for, whoever asks; a label is in the truth, `predicted` in the answer."""

    correct: bool | None = None
    subset: str | None = None
    label: str | None = None
    predicted: str | None = None
    part: str | None = None

    @classmethod
    def of(cls, wanted: ListSampleResults) -> "Choice":
        return cls(wanted.correct, wanted.subset, wanted.label, wanted.predicted, wanted.q)

    def columns(self, sort: ResultSort) -> list[str]:
        """Those that `pick` reads."""
        needed = {
            "correct": self.correct is not None,
            "subset": self.subset is not None,
            "truth": self.label is not None,
            "truth_ends": self.label is not None,
            "predicted": self.predicted is not None,
            "predicted_ends": self.predicted is not None,
            NAMES: self.part is not None,
            "name_ends": self.part is not None,
        }
        return [
            WORDS,
            f"by_{sort.removeprefix('-')}",
            *(name for name, is_needed in needed.items() if is_needed),
        ]


def pick(
    columns: Columns,
    choice: Choice,
    sort: ResultSort,
    after: int | None,
    limit: int,
    among: np.ndarray | None = None,
) -> list[int]:
    """Positions of the first `limit` after the sample at `after`; `among`: bool [samples], those that can be.

    Raises ValueError if `after` is no position of this evaluation.
    """
    order = columns[f"by_{sort.removeprefix('-')}"]
    if sort.startswith("-"):
        order = order[::-1]
    if after is not None:
        [[place]] = [np.flatnonzero(order == after)]
        order = order[place + 1 :]
    fits = _fitting(columns, choice, len(columns[f"by_{sort.removeprefix('-')}"]), among)
    if choice.part:
        return _first_named(
            columns, order if fits is None else order[fits[order]], choice.part.encode(), limit
        )
    found: list[int] = []
    for stretch in _stretches(order):
        hits = stretch if fits is None else stretch[fits[stretch]]
        found += hits[: limit - len(found)].tolist()
        if len(found) == limit:
            break
    return found


def _first_named(columns: Columns, order: np.ndarray, part: bytes, limit: int) -> list[int]:
    """A common part is found soon, name after name; for a rare one all names are searched at once."""
    found = _named(columns, order[:FIRST], part)[:limit]
    if len(found) < limit and len(order) > FIRST:
        rest = order[FIRST:]
        if len(rest) <= FEW:
            rest = _named(columns, rest, part)
        else:
            rest = rest[holding(columns[NAMES], columns["name_ends"], part)[rest]]
        found = np.append(found, rest[: limit - len(found)])
    return found.tolist()


def holding(names: bytes, ends: np.ndarray, part: bytes) -> np.ndarray:
    """bool [samples]: whether the part is in the name; all are looked through at once."""
    found = np.zeros(len(ends), bool)
    letters = np.frombuffer(names, np.uint8)
    places = np.flatnonzero(letters[: len(letters) - len(part) + 1] == part[0])
    for number, letter in enumerate(part[1:], 1):
        places = places[letters[places + number] == letter]
    # Behind each name is a 0, which no part holds: nothing is found across two names.
    found[np.searchsorted(ends, places, side="right")] = True
    return found


def _fitting(
    columns: Columns, choice: Choice, num_samples: int, among: np.ndarray | None
) -> np.ndarray | None:
    """bool [samples], None where all fit."""
    fits = among
    for one in _conditions(columns, choice, num_samples):
        fits = one if fits is None else fits & one
    return fits


def _conditions(columns: Columns, choice: Choice, num_samples: int) -> Iterator[np.ndarray]:
    words = columns[WORDS]
    if choice.correct is not None:
        yield columns["correct"] == choice.correct
    if choice.subset is not None:
        yield columns["subset"] == words["subset"].get(choice.subset, np.iinfo(np.uint16).max)
    for name, label in (("truth", choice.label), ("predicted", choice.predicted)):
        if label is not None:
            yield _labelled(columns, name, words[name].get(label), num_samples)


def _labelled(columns: Columns, name: str, code: int | None, num_samples: int) -> np.ndarray:
    fits = np.zeros(num_samples, bool)
    if code is not None:
        ends = columns[f"{name}_ends"]
        fits[columns[name][ends[code - 1] if code else 0 : ends[code]]] = True
    return fits


def _named(columns: Columns, positions: np.ndarray, part: bytes) -> np.ndarray:
    """One name after the other: for a few faster than all at once."""
    names, ends = columns[NAMES], columns["name_ends"]
    stops = ends[positions]
    starts = np.where(positions > 0, ends[positions - 1], 0)
    fits = [
        names.find(part, start, stop) >= 0
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
    ]
    return positions[np.array(fits, bool)]


def _stretches(order: np.ndarray) -> Iterator[np.ndarray]:
    start, size = 0, FIRST
    while start < len(order):
        yield order[start : start + size]
        start, size = start + size, size * MORE
