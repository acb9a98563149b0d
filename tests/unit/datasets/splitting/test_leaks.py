"""Leaks of a split: the same bytes, images that look alike and parts of a group in several subsets."""

from libs.common.contracts.splits import FieldGroup, Leak
from services.datasets.splitting import Dealt
from services.datasets.splitting.leaks import MOST_LEAKS, MOST_NAMES, Leaks, find_leaks, shown
from tests.unit.datasets.splitting.light import Light, columns

FAR = 0x5555_5555_5555_5555


def leaks_of(
    samples: list[Light], subsets: list[str], distance: int = 4, field: str | None = None
) -> tuple[Leaks, tuple[Leak, ...]]:
    light, dealt = columns(samples), Dealt.of(subsets)
    found = find_leaks(light, dealt, distance, FieldGroup(field=field) if field else None)
    return found, shown(found, light, dealt)


def test_a_clean_split_has_none() -> None:
    found, told = leaks_of(
        [Light("a", hash=0), Light("b", hash=FAR), Light("c", hash=1)], ["train", "test", "train"]
    )

    assert (found.all, found.num_samples, told) == ([], 0, ())


def test_near_duplicates_across_subsets_are_told_with_the_nearest_first() -> None:
    samples = [Light("a", hash=0), Light("b", hash=0b1111), Light("c", hash=0b0011), Light("d", hash=FAR)]

    found, (leak,) = leaks_of(samples, ["train", "train", "test", "test"], distance=2)

    assert (leak.kind, leak.distance, leak.num_samples) == ("near_duplicate", 2, 3)
    assert leak.names == ("a", "c", "b")
    assert leak.subsets == ("train", "test", "train")
    assert found.num_samples == 3


def test_what_is_near_by_way_of_another_is_one_leak() -> None:
    samples = [Light("a", hash=0), Light("b", hash=0b11), Light("c", hash=0b1111)]

    _, (leak,) = leaks_of(samples, ["train", "train", "test"], distance=2)

    assert (leak.names[:2], leak.distance, leak.num_samples) == (("b", "c"), 2, 3)


def test_the_same_bytes_are_no_near_duplicate_as_well() -> None:
    samples = [Light("a", name="one", hash=7), Light("a", name="two", hash=7), Light("b", hash=FAR)]

    found, (leak,) = leaks_of(samples, ["train", "test", "test"])

    assert (leak.kind, leak.distance, leak.names) == ("duplicate", 0, ("one", "two"))
    assert (len(found.duplicates), len(found.near_duplicates), found.num_samples) == (1, 0, 2)


def test_texts_are_compared_by_their_bytes_only() -> None:
    samples = [Light("a", name="one"), Light("a", name="two"), Light("b")]

    assert [leak.kind for leak in leaks_of(samples, ["train", "test", "test"])[1]] == ["duplicate"]


def test_groups_across_subsets_are_told_and_samples_counted_once() -> None:
    samples = [
        Light("a", hash=0, fields={"video": "x"}),
        Light("b", hash=1, fields={"video": "x"}),
        Light("c", hash=FAR, fields={"video": "y"}),
        Light("d"),
    ]

    found, told = leaks_of(samples, ["train", "test", "train", "test"], field="video")

    assert [leak.kind for leak in told] == ["near_duplicate", "group"]
    assert (len(found.groups), found.num_samples) == (1, 2)


def test_the_first_hundred_are_shown_and_all_are_counted() -> None:
    samples = [Light(f"{pair:03}/{side}", hash=pair * 2**20 * 257) for pair in range(150) for side in "ab"]

    found, told = leaks_of(samples, ["train", "test"] * 150, distance=0)

    assert (len(found.all), found.num_samples, len(told)) == (150, 300, MOST_LEAKS)
    assert [leak.names[0][:3] for leak in told[:3]] == ["000", "001", "002"]


def test_a_large_leak_shows_some_of_every_subset() -> None:
    samples = [Light(f"{number:04}", hash=0) for number in range(3000)]
    subsets = ["train"] * 2998 + ["val", "test"]

    _, (leak,) = leaks_of(samples, subsets)

    assert (len(leak.names), leak.num_samples) == (MOST_NAMES, 3000)
    assert set(leak.subsets) == {"train", "val", "test"}
