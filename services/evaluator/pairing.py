"""The same samples in two evaluations, and which of the two was right about each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from libs.common.contracts.results import Agreement

# By what left and right were: `AGREEMENTS[left_is_right][right_is_right]`.
AGREEMENTS = (
    (Agreement.BOTH_WRONG, Agreement.ONLY_RIGHT),
    (Agreement.ONLY_LEFT, Agreement.BOTH_RIGHT),
)
CODES = {agreement: number for number, agreement in enumerate(Agreement)}
NOT_SHARED = -1


@dataclass(frozen=True)
class Pairing:
    """By position in the right evaluation: int32 the position in the left one (-1: only in the right), int8
    the code of how they agree (-1 where one of them knows no right and wrong)."""

    left_of: np.ndarray
    agreement: np.ndarray
    num_left: int

    @cached_property
    def is_shared(self) -> np.ndarray:
        return self.left_of != NOT_SHARED

    @cached_property
    def num_shared(self) -> int:
        return int(self.is_shared.sum())

    @property
    def num_right(self) -> int:
        return len(self.left_of)

    @property
    def nbytes(self) -> int:
        return self.left_of.nbytes + self.agreement.nbytes + self.num_right

    @cached_property
    def counts(self) -> dict[Agreement, int]:
        counted = np.bincount(self.agreement[self.agreement != NOT_SHARED], minlength=len(CODES))
        return {agreement: int(counted[code]) for agreement, code in CODES.items()}

    def among(self, agreement: Agreement | None) -> np.ndarray:
        """bool [right samples]."""
        return self.is_shared if agreement is None else self.agreement == CODES[agreement]


def pair(
    left_ids: np.ndarray, right_ids: np.ndarray, left_correct: np.ndarray, right_correct: np.ndarray
) -> Pairing:
    """Ids are [samples, 2]; no id is twice in one evaluation."""
    left, right = _matched(left_ids, right_ids)
    left_of = np.full(len(right_ids), NOT_SHARED, np.int32)
    left_of[right] = left
    agreement = np.full(len(right_ids), NOT_SHARED, np.int8)
    for left_is_right, row in enumerate(AGREEMENTS):
        for right_is_right, each in enumerate(row):
            agree = (left_correct[left] == left_is_right) & (right_correct[right] == right_is_right)
            agreement[right[agree]] = CODES[each]
    return Pairing(left_of, agreement, len(left_ids))


def _matched(left_ids: np.ndarray, right_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the same samples in both."""
    if np.array_equal(left_ids, right_ids):
        same = np.arange(len(left_ids))
        return same, same
    left, right = left_ids.astype(np.uint64), right_ids.astype(np.uint64)
    # By the second half alone, which is random: in half the time that both halves take.
    by_left, by_right = np.argsort(left[:, 1]), np.argsort(right[:, 1])
    halves = right[by_right, 1]
    if not len(right) or (halves[1:] == halves[:-1]).any():
        return _matched_by_both(left, right)
    places = np.searchsorted(halves, left[by_left, 1])
    nearest = by_right[np.minimum(places, len(right) - 1)]
    is_same = (right[nearest] == left[by_left]).all(axis=1)
    return by_left[is_same], nearest[is_same]


def _matched_by_both(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = np.concatenate([left, right])
    order = np.lexsort((both[:, 1], both[:, 0]))
    is_pair = (both[order[1:]] == both[order[:-1]]).all(axis=1)
    # Stable: of two the left one comes first.
    return order[:-1][is_pair], order[1:][is_pair] - len(left)
