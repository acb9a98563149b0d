"""Splits: sizes, class shares, and that only content and seed decide."""

import hashlib
import random
from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.splits import RatioSplit
from services.datasets.errors import SubsetIsEmpty
from services.datasets.split import Sorted, preview, split


def samples_of(counts: dict[str, int]) -> list[Sorted]:
    made = []
    for label, count in sorted(counts.items()):
        for number in range(count):
            digest = hashlib.sha256(f"{label}/{number}".encode()).hexdigest()
            made.append(Sorted(UUID(digest[:32]), digest, (label,)))
    return made


def sizes(subsets: dict[UUID, str]) -> dict[str, int]:
    return dict(Counter(subsets.values()))


counts_of_classes = st.dictionaries(
    st.sampled_from("abcdefghij"), st.integers(min_value=1, max_value=40), min_size=1
)
# At least one per cent each, so that a few hundred samples reach every subset.
ratios = st.lists(st.integers(min_value=1, max_value=100), min_size=1, max_size=4).map(
    lambda parts: {name: part / sum(parts) for name, part in zip(("train", "val", "test", "x"), parts)}  # noqa: B905
)
seeds = st.integers(min_value=0, max_value=2**31 - 1)


def split_or_none(samples: list[Sorted], method: RatioSplit) -> dict[UUID, str] | None:
    try:
        return split(samples, method)
    except SubsetIsEmpty:
        return None


@given(counts_of_classes, ratios, st.booleans(), seeds, st.randoms())
def test_the_order_of_files_decides_nothing(
    counts: dict[str, int], shares: dict[str, float], stratified: bool, seed: int, order: random.Random
) -> None:
    method = RatioSplit(ratios=shares, stratified=stratified, seed=seed)
    samples = samples_of(counts)
    shuffled = order.sample(samples, len(samples))

    assert split_or_none(shuffled, method) == split_or_none(samples, method)


@given(counts_of_classes, ratios, seeds)
def test_totals_are_exact_to_one_sample_and_classes_nearly(
    counts: dict[str, int], shares: dict[str, float], seed: int
) -> None:
    samples = samples_of(counts)
    subsets = split_or_none(samples, RatioSplit(ratios=shares, seed=seed))
    if subsets is None:
        return

    assert subsets.keys() == {sample.id for sample in samples}
    for name, share in shares.items():
        assert abs(sizes(subsets)[name] - share * len(samples)) <= len(shares)
        for label, count in counts.items():
            found = sum(subsets[sample.id] == name for sample in samples if sample.labels == (label,))
            assert abs(found - share * count) <= len(shares)


@given(counts_of_classes, ratios, seeds)
def test_either_every_subset_has_a_sample_or_it_is_refused(
    counts: dict[str, int], shares: dict[str, float], seed: int
) -> None:
    samples = samples_of(counts)
    subsets = split_or_none(samples, RatioSplit(ratios=shares, seed=seed))

    if subsets is None:
        assert any(share * len(samples) < len(shares) for share in shares.values())
    else:
        assert set(subsets.values()) == set(shares)


def test_round_shares_come_out_exactly() -> None:
    samples = samples_of({"a": 100, "b": 50, "c": 10})
    method = RatioSplit()

    subsets = split(samples, method)

    assert sizes(subsets) == {"train": 128, "val": 16, "test": 16}
    shown = {
        each.subset: {c.name: c.count for c in each.classes} for each in preview(samples, subsets, method)
    }
    assert shown == {
        "train": {"a": 80, "b": 40, "c": 8},
        "val": {"a": 10, "b": 5, "c": 1},
        "test": {"a": 10, "b": 5, "c": 1},
    }


def test_many_tiny_classes_still_fill_every_subset() -> None:
    subsets = split(samples_of({f"{number:03}": 1 for number in range(100)}), RatioSplit())

    assert sizes(subsets) == {"train": 80, "val": 10, "test": 10}


def test_another_seed_deals_anew() -> None:
    samples = samples_of({"a": 100})

    assert split(samples, RatioSplit(seed=1)) != split(samples, RatioSplit(seed=2))
    assert sizes(split(samples, RatioSplit(seed=1))) == sizes(split(samples, RatioSplit(seed=2)))


def test_without_strata_only_the_totals_count() -> None:
    subsets = split(samples_of({"a": 55, "b": 45}), RatioSplit(stratified=False))

    assert sizes(subsets) == {"train": 80, "val": 10, "test": 10}


def test_ratios_that_add_up_only_nearly_still_reach_every_sample() -> None:
    thirds = {"train": 0.3333333, "val": 0.3333333, "test": 0.3333333}
    samples = samples_of({"a": 9999})

    assert sizes(split(samples, RatioSplit(ratios=thirds))) == dict.fromkeys(thirds, 3333)


def test_too_few_samples_name_the_subset_that_would_be_empty() -> None:
    with pytest.raises(SubsetIsEmpty, match="2 samples are too few: test, val would stay empty") as refused:
        split(samples_of({"a": 2}), RatioSplit())
    assert refused.value.code == "subset_empty"


def test_this_split_is_the_same_as_ever() -> None:
    """A change here would split the data of everyone anew."""
    subsets = split(samples_of({"a": 12, "b": 8}), RatioSplit(seed=7))

    dealt = "".join(subsets[sample.id][1] for sample in samples_of({"a": 12, "b": 8}))
    assert dealt == "rrrarrrrrrerrrrrerra"
