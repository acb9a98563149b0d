"""What belongs together stays together: groups by folder, name and field, and images that look alike."""

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.contracts.splits import FieldGroup, FolderGroup, Group, NameGroup, RatioSplit
from services.datasets.errors import SubsetIsEmpty
from services.datasets.splitting import groups
from tests.unit.datasets.splitting.light import Light, columns, dealt, dealt_or_none, sizes

BY_VIDEO = FieldGroup(field="video")
videos = st.lists(st.integers(min_value=1, max_value=30), min_size=3, max_size=30)
seeds = st.integers(min_value=0, max_value=2**31 - 1)
hashes = st.one_of(st.none(), st.integers(min_value=-(2**63), max_value=2**63 - 1))
flips = st.sets(st.integers(min_value=0, max_value=63), max_size=12)


def frames_of(lengths: list[int]) -> list[Light]:
    """A film has one class; every third holds another one as well."""
    return [
        Light(
            f"{video}/{frame}",
            ("cat", "dog") if video % 3 == 0 and frame % 2 else ("cat",),
            fields={"video": str(video)},
        )
        for video, length in enumerate(lengths)
        for frame in range(length)
    ]


def flipped(value: int, bits: set[int]) -> int:
    """Signed, as PostgreSQL counts."""
    changed = (value & (2**64 - 1)) ^ sum(1 << bit for bit in bits)
    return changed - 2**64 if changed >= 2**63 else changed


@given(videos, seeds, st.booleans(), st.randoms())
def test_a_group_is_never_parted_and_no_order_matters(
    lengths: list[int], seed: int, stratified: bool, order: random.Random
) -> None:
    samples = frames_of(lengths)
    method = RatioSplit(seed=seed, stratified=stratified, group=BY_VIDEO)

    subsets = dealt_or_none(samples, method)

    assert subsets is not None
    of_video = defaultdict(set)
    for sample in samples:
        of_video[sample.fields["video"]].add(subsets[sample.content])
    assert all(len(found) == 1 for found in of_video.values())
    assert set(subsets.values()) == {"train", "val", "test"}
    assert dealt_or_none(order.sample(samples, len(samples)), method) == subsets


@given(st.lists(st.integers(min_value=1, max_value=30), min_size=30, max_size=60), seeds)
def test_many_groups_meet_the_ratios_to_a_group_at_most(lengths: list[int], seed: int) -> None:
    samples = frames_of(lengths)

    found = sizes(dealt(samples, RatioSplit(seed=seed, group=BY_VIDEO))[0])

    for name, share in RatioSplit().ratios.items():
        assert abs(found[name] - share * len(samples)) <= max(lengths)


def test_groups_of_all_sizes_meet_the_ratios_exactly() -> None:
    lengths = [1 + number * 7 % 40 for number in range(200)]
    samples = frames_of(lengths)

    subsets, found = dealt(samples, RatioSplit(group=BY_VIDEO))

    wanted = {name: share * len(samples) for name, share in RatioSplit().ratios.items()}
    assert all(abs(sizes(subsets)[name] - wanted[name]) <= 1 for name in wanted)
    dogs = Counter(subsets[sample.content] for sample in samples if "dog" in sample.labels)
    assert all(abs(dogs[name] - RatioSplit().ratios[name] * dogs.total()) <= 5 for name in wanted)
    assert found.num_groups == sum(length > 1 for length in lengths)


def test_another_seed_deals_groups_anew() -> None:
    samples = frames_of([1 + number * 7 % 40 for number in range(50)])

    first, second = (dealt(samples, RatioSplit(seed=seed, group=BY_VIDEO))[0] for seed in (1, 2))

    assert first != second


def test_too_few_groups_say_how_large_they_are() -> None:
    with pytest.raises(SubsetIsEmpty, match="40 samples are 2 groups, the largest of 30 samples") as refused:
        dealt(frames_of([30, 10]), RatioSplit(group=BY_VIDEO))
    assert refused.value.errors[0].field == "method.ratios"


@pytest.mark.parametrize(
    ("group", "name", "key"),
    [
        (FolderGroup(), "clip/a/1.png", "clip"),
        (FolderGroup(depth=2), "clip/a/1.png", "clip/a"),
        (FolderGroup(depth=5), "clip/a/1.png", "clip/a"),
        (FolderGroup(), "1.png", None),
        (NameGroup(), "scan_12-3.png", "scan_12"),
        (NameGroup(), "a-b/scan.png", None),
        (NameGroup(), "a-b/scan-1-2.png", "a-b/scan-1"),
        (NameGroup(), "scan.v-1", None),
        (NameGroup(separator="_"), "scan_12-3", "scan"),
        (NameGroup(separator="."), "scan.12.png", "scan"),
        (NameGroup(), "-3.png", None),
        (NameGroup(separator="__"), "p__1__2.tar", "p__1"),
    ],
)
def test_names_and_folders_tell_the_group(group: Group, name: str, key: str | None) -> None:
    assert groups.keys(columns([Light("x", name=name)]), group) == [key]


def test_a_field_tells_the_group_and_who_has_none_stands_alone() -> None:
    samples = [Light("1", fields={"video": "a"}), Light("2"), Light("3", fields={"video": ""})]

    assert groups.keys(columns(samples), BY_VIDEO) == ["a", None, None]


@given(st.lists(st.tuples(hashes, flips), min_size=20, max_size=40), st.integers(0, 10), seeds)
def test_near_duplicates_are_never_parted(
    made: list[tuple[int | None, set[int]]], distance: int, seed: int
) -> None:
    """Every image comes with one that is changed in some bits."""
    samples = [
        Light(f"{number}/{copy}", hash=value if value is None else flipped(value, bits if copy else set()))
        for number, (value, bits) in enumerate(made)
        for copy in range(2)
    ]

    subsets = dealt_or_none(samples, RatioSplit(seed=seed, near_duplicates=distance))

    if subsets is None:
        return
    for one in samples:
        for other in samples:
            if one.hash is not None and other.hash is not None:
                is_near = ((one.hash ^ other.hash) & (2**64 - 1)).bit_count() <= distance
                assert not is_near or subsets[one.content] == subsets[other.content]


def test_groups_and_near_duplicates_hold_at_once() -> None:
    """Films 0 and 1 share a picture, so they are one; the rest of the films is free."""
    samples = [
        Light(f"{video}/{frame}", hash=frame * 2**40 + video * 2**20 if video > 1 or frame else 0,
              fields={"video": str(video)})
        for video in range(20)
        for frame in range(5)
    ]  # fmt: skip

    subsets, found = dealt(samples, RatioSplit(near_duplicates=0, group=BY_VIDEO))

    assert len({subsets[f"{video}/{frame}"] for video in (0, 1) for frame in range(5)}) == 1
    assert found.num_groups == 19


def test_the_same_bytes_are_never_parted() -> None:
    samples = [Light(str(number // 2), name=str(number)) for number in range(100)]

    found = dealt(samples, RatioSplit())[1].places.tolist()

    assert found[::2] == found[1::2]


def test_what_is_no_image_is_no_near_duplicate() -> None:
    subsets, found = dealt([Light(str(number)) for number in range(10)], RatioSplit(near_duplicates=4))

    assert sizes(subsets) == {"train": 8, "val": 1, "test": 1}
    assert found.num_groups == 0
