"""Pages picked from columns are those that a look at every result would give."""

from functools import cache
from typing import Any, get_args
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.results import Agreement, ResultSort, SampleResult
from services.evaluator import picking
from services.evaluator.columns import Columns, Packing, unpacked
from services.evaluator.pairing import pair
from services.evaluator.picking import Choice, holding, pick
from services.evaluator.shelf import Shelf
from tests.factories import sample_result

SORTS = get_args(ResultSort)


@cache
def results() -> tuple[SampleResult, ...]:
    """Values and names repeat; some know no right, no loss, no confidence; names hold no ASCII alone."""
    random = np.random.default_rng(0)
    return tuple(
        sample_result(
            name=f"{'äöü'[number % 3]}/{number % 40}.png",
            truth=random.choice(["cat", "dog", "emu"]),
            guess=random.choice(["cat", "dog"]),
            subset=random.choice(["test", "val"]),
            correct=random.choice([True, False, None]),
            score=float(random.integers(0, 5)),
            loss=None if number % 11 == 0 else float(random.integers(0, 5)),
            confidence=None if number % 7 == 0 else float(random.random()),
        )
        for number in range(200)
    )


@cache
def columns() -> Columns:
    packing = Packing()
    for result in results():
        packing.add(result)
    return {name: unpacked(name, data) for name, data in packing.packed().items()}


def looked_at(choice: Choice, sort: str) -> list[int]:
    def fits(result: SampleResult) -> bool:
        return all(
            (
                choice.correct is None or result.correct is choice.correct,
                choice.subset is None or result.subset == choice.subset,
                choice.label is None or result.truth[0].label == choice.label,  # type: ignore[union-attr]
                choice.predicted is None or result.prediction.label == choice.predicted,  # type: ignore[union-attr]
                choice.part is None or choice.part in result.name,
            )
        )

    def key(position: int) -> Any:
        value = getattr(results()[position], sort.removeprefix("-"))
        if isinstance(value, str):
            return value.encode(), position
        return -np.inf if value is None else value, position

    wanted = [position for position, result in enumerate(results()) if fits(result)]
    return sorted(wanted, key=key, reverse=sort.startswith("-"))


choices = st.builds(
    Choice,
    correct=st.sampled_from([None, True, False]),
    subset=st.sampled_from([None, "test", "val", "train"]),
    label=st.sampled_from([None, "cat", "emu", "bird"]),
    predicted=st.sampled_from([None, "dog", "bird"]),
    part=st.sampled_from([None, "1", "ö/", ".png", "zebra", "9.png", "/"]),
)


@pytest.mark.parametrize("few", [0, 10**6], ids=["all names at once", "name after name"])
@given(choices, st.sampled_from(SORTS), st.integers(1, 70))
def test_every_page_is_the_next_stretch_of_what_fits(
    few: int, choice: Choice, sort: ResultSort, limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picking, "FIRST", 16)
        patch.setattr(picking, "FEW", few)
        found: list[int] = []
        while page := pick(columns(), choice, sort, found[-1] if found else None, limit):
            found += page
    assert found == looked_at(choice, sort)
    assert set(choice.columns(sort)) <= columns().keys()


def test_a_part_is_found_in_names_and_never_across_two():
    names = [b"abc", b"bca", b"", b"cab"]
    ends = np.cumsum([len(name) + 1 for name in names])
    blob = b"".join(name + b"\0" for name in names)
    for part in (b"a", b"bc", b"ca", b"abc", b"cb", b"abcabc", b"zzzzzzzzzzzzzzzzzzz"):
        assert holding(blob, ends, part).tolist() == [part in name for name in names]


def test_the_same_samples_are_found_in_another_order():
    right = results()
    left = [right[number].model_copy(update={"correct": number % 2 == 0}) for number in (5, 3, 199, 0)]
    left.append(sample_result("only.png"))
    one, other = _ids(left), _ids(right)
    found = pair(one[0], other[0], one[1], other[1])

    assert (found.num_shared, found.num_left, found.num_right) == (4, 5, 200)
    assert [found.left_of[number] for number in (5, 3, 199, 0, 1)] == [0, 1, 2, 3, -1]
    wanted: dict[Agreement, int] = dict.fromkeys(Agreement, 0)
    for number in (5, 3, 199, 0):
        is_right, was_right = right[number].correct, number % 2 == 0
        if is_right is not None:
            words = {
                (True, True): Agreement.BOTH_RIGHT,
                (True, False): Agreement.ONLY_LEFT,
                (False, True): Agreement.ONLY_RIGHT,
                (False, False): Agreement.BOTH_WRONG,
            }
            wanted[words[was_right, is_right]] += 1
    assert found.counts == wanted
    assert sum(found.among(agreement).sum() for agreement in Agreement) == sum(wanted.values())


def test_ids_that_differ_in_their_first_half_alone_are_told_apart():
    one, other = (
        [sample_result(f"{number}", sample_id=UUID(int=(number << 64) + 7)) for number in numbers]
        for numbers in ((1, 2, 3), (3, 4, 1))
    )
    left, right = _ids(one), _ids(other)
    assert pair(left[0], right[0], left[1], right[1]).left_of.tolist() == [2, -1, 0]
    empty = _ids([])
    assert pair(left[0], empty[0], left[1], empty[1]).num_shared == 0
    assert pair(empty[0], right[0], empty[1], right[1]).num_shared == 0


def test_in_the_same_order_each_sample_is_its_own_pair():
    ids, correct = _ids(results())
    found = pair(ids, ids, correct, correct)

    assert found.left_of.tolist() == list(range(200))
    assert (found.counts[Agreement.ONLY_LEFT], found.counts[Agreement.ONLY_RIGHT]) == (0, 0)


def test_the_shelf_keeps_what_was_used_last():
    shelf = Shelf(most_bytes=10)
    for name in "abc":
        shelf.put(name, name.upper(), 4)
        shelf.get("a")
    assert [shelf.get(name) for name in "abc"] == ["A", None, "C"]
    shelf.put("large", "L", 99)
    assert (shelf.get("large"), shelf.get("a")) == ("L", None), "what is asked for now is kept anyhow"


def _ids(found: Any) -> tuple[np.ndarray, np.ndarray]:
    packing = Packing()
    for result in found:
        packing.add(result)
    packed = packing.packed()
    return unpacked("ids", packed["ids"]), unpacked("correct", packed["correct"])
