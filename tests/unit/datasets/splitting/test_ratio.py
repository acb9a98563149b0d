"""Splits by ratio: sizes, class shares, and that only content and seed decide."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.splits import RatioSplit
from services.datasets.errors import SubsetIsEmpty
from services.datasets.splitting import preview
from tests.unit.datasets.splitting.light import Light, columns, dealt, dealt_or_none, sizes


def samples_of(counts: dict[str, int]) -> list[Light]:
    return [
        Light(f"{label}/{number}", (label,))
        for label, count in sorted(counts.items())
        for number in range(count)
    ]


counts_of_classes = st.dictionaries(
    st.sampled_from("abcdefghij"), st.integers(min_value=1, max_value=40), min_size=1
)
# At least one per cent each, so that a few hundred samples reach every subset.
ratios = st.lists(st.integers(min_value=1, max_value=100), min_size=1, max_size=4).map(
    lambda parts: {name: part / sum(parts) for name, part in zip(("train", "val", "test", "x"), parts)}  # noqa: B905
)
seeds = st.integers(min_value=0, max_value=2**31 - 1)
sets_of_labels = st.lists(st.sets(st.sampled_from("abcdefgh"), max_size=4).map(sorted).map(tuple), min_size=1)


@given(counts_of_classes, ratios, st.booleans(), seeds, st.randoms())
def test_the_order_of_files_decides_nothing(
    counts: dict[str, int], shares: dict[str, float], stratified: bool, seed: int, order: random.Random
) -> None:
    method = RatioSplit(ratios=shares, stratified=stratified, seed=seed)
    samples = samples_of(counts)
    shuffled = order.sample(samples, len(samples))

    assert dealt_or_none(shuffled, method) == dealt_or_none(samples, method)


@given(counts_of_classes, ratios, seeds)
def test_the_order_in_which_ratios_are_written_decides_nothing(
    counts: dict[str, int], shares: dict[str, float], seed: int
) -> None:
    """The database keeps the keys of an object in an order of its own."""
    samples = samples_of(counts)
    turned = dict(reversed(shares.items()))

    assert dealt_or_none(samples, RatioSplit(ratios=turned, seed=seed)) == dealt_or_none(
        samples, RatioSplit(ratios=shares, seed=seed)
    )


@given(counts_of_classes, ratios, seeds)
def test_totals_are_exact_to_one_sample_and_classes_nearly_so(
    counts: dict[str, int], shares: dict[str, float], seed: int
) -> None:
    samples = samples_of(counts)
    subsets = dealt_or_none(samples, RatioSplit(ratios=shares, seed=seed))
    if subsets is None:
        return

    assert subsets.keys() == {sample.content for sample in samples}
    # A subset whose share is less than a sample gets one all the same, from another.
    slack = 1 + sum(share * len(samples) < 1 for share in shares.values())
    for name, share in shares.items():
        assert abs(sizes(subsets)[name] - share * len(samples)) < slack
        for label, count in counts.items():
            found = sum(subsets[sample.content] == name for sample in samples if sample.labels == (label,))
            # Totals come first: for their sake a class may be a little more than one sample off.
            assert abs(found - share * count) <= slack + 0.5


@given(sets_of_labels, ratios, seeds)
def test_every_label_of_many_is_divided_nearly_by_ratio(
    sets: list[tuple[str, ...]], shares: dict[str, float], seed: int
) -> None:
    samples = [Light(str(number), labels) for number, labels in enumerate(sets)]
    subsets = dealt_or_none(samples, RatioSplit(ratios=shares, seed=seed))
    if subsets is None:
        return

    slack = 1 + sum(share * len(samples) < 1 for share in shares.values())
    for name, share in shares.items():
        assert abs(sizes(subsets)[name] - share * len(samples)) < slack
        for label in "abcdefgh":
            having = [sample for sample in samples if label in sample.labels]
            found = sum(subsets[sample.content] == name for sample in having)
            assert abs(found - share * len(having)) <= slack + 2


@given(counts_of_classes, ratios, seeds)
def test_either_every_subset_has_a_sample_or_there_are_not_enough(
    counts: dict[str, int], shares: dict[str, float], seed: int
) -> None:
    samples = samples_of(counts)
    subsets = dealt_or_none(samples, RatioSplit(ratios=shares, seed=seed))

    if len(samples) < len(shares):
        assert subsets is None
    else:
        assert subsets is not None
        assert set(subsets.values()) == set(shares)


def test_round_shares_come_out_exactly() -> None:
    samples = samples_of({"a": 100, "b": 50, "c": 10})

    subsets, found = dealt(samples, RatioSplit())

    assert sizes(subsets) == {"train": 128, "val": 16, "test": 16}
    shown = {
        each.subset: {c.name: c.count for c in each.classes} for each in preview(columns(samples), found)
    }
    assert shown == {
        "train": {"a": 80, "b": 40, "c": 8},
        "val": {"a": 10, "b": 5, "c": 1},
        "test": {"a": 10, "b": 5, "c": 1},
    }


def test_many_tiny_classes_still_fill_every_subset() -> None:
    subsets, _ = dealt(samples_of({f"{number:03}": 1 for number in range(100)}), RatioSplit())

    assert sizes(subsets) == {"train": 80, "val": 10, "test": 10}


def test_samples_without_a_label_are_divided_too() -> None:
    samples = [*samples_of({"a": 50}), *(Light(f"background {number}") for number in range(50))]

    subsets, _ = dealt(samples, RatioSplit())

    backgrounds = {content: subset for content, subset in subsets.items() if content.startswith("background")}
    assert sizes(backgrounds) == {"train": 40, "val": 5, "test": 5}


def test_another_seed_deals_anew() -> None:
    samples = samples_of({"a": 100})

    first, second = (dealt(samples, RatioSplit(seed=seed))[0] for seed in (1, 2))

    assert first != second
    assert sizes(first) == sizes(second)


def test_without_strata_only_the_totals_count() -> None:
    subsets, _ = dealt(samples_of({"a": 55, "b": 45}), RatioSplit(stratified=False))

    assert sizes(subsets) == {"train": 80, "val": 10, "test": 10}


def test_ratios_that_add_up_only_nearly_still_reach_every_sample() -> None:
    thirds = {"train": 0.3333333, "val": 0.3333333, "test": 0.3333333}

    subsets, _ = dealt(samples_of({"a": 9999}), RatioSplit(ratios=thirds))

    assert sizes(subsets) == dict.fromkeys(thirds, 3333)


def test_as_many_samples_as_subsets_are_enough() -> None:
    assert sizes(dealt(samples_of({"a": 2, "b": 1}), RatioSplit())[0]) == {"train": 1, "val": 1, "test": 1}


def test_too_few_samples_name_the_subset_that_would_be_empty() -> None:
    with pytest.raises(SubsetIsEmpty, match="2 samples are too few: test would stay empty") as refused:
        dealt(samples_of({"a": 2}), RatioSplit())
    assert refused.value.code == "subset_empty"
    assert refused.value.errors[0].field == "method.ratios"


def test_no_samples_are_no_split() -> None:
    with pytest.raises(SubsetIsEmpty, match="the version has no samples"):
        dealt([], RatioSplit())


def test_this_split_is_the_same_as_ever() -> None:
    """A change here would split the data of everyone anew."""
    samples = samples_of({"a": 12, "b": 8})

    subsets, _ = dealt(samples, RatioSplit(seed=7))

    assert "".join(subsets[sample.content][1] for sample in samples) == "rrrarrrrrrerrrrrerra"
