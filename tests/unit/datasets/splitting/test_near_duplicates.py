"""Near hashes are found as by comparing all with all, among many, and also where very many are alike."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.datasets.errors import ComparisonsAreTooMany
from services.datasets.splitting import near_duplicates
from services.datasets.splitting.components import Components
from services.datasets.splitting.near_duplicates import join_near, near_components

words = st.integers(min_value=0, max_value=2**64 - 1)


def by_comparing_all(hashes: np.ndarray, distance: int) -> np.ndarray:
    components = Components(len(hashes))
    pairs = np.array(
        [
            (left, right)
            for left, right in itertools.combinations(range(len(hashes)), 2)
            if (int(hashes[left]) ^ int(hashes[right])).bit_count() <= distance
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    components.join(pairs[:, 0], pairs[:, 1])
    return components.roots


def changed(hashes: np.ndarray, num_bits: int, random: np.random.Generator) -> np.ndarray:
    for row, value in enumerate(hashes):
        for bit in random.choice(64, num_bits, replace=False):
            value ^= np.uint64(1) << np.uint64(bit)
        hashes[row] = value
    return hashes


@given(st.sets(words, min_size=2, max_size=12), st.sets(st.integers(0, 63), max_size=11), st.integers(0, 10))
def test_it_finds_what_comparing_all_finds(seeds: set[int], bits: set[int], distance: int) -> None:
    """Each word comes with itself changed in more and more bits."""
    values = set(seeds)
    for word in seeds:
        for bit in bits:
            word ^= 1 << bit
            values.add(word)
    hashes = np.array(sorted(values), dtype=np.uint64)

    assert np.array_equal(near_components(hashes, distance).roots, by_comparing_all(hashes, distance))


@pytest.mark.parametrize("distance", [1, 4, 7, 10])
def test_planted_pairs_are_found_among_many(distance: int) -> None:
    random = np.random.default_rng(distance)
    hashes = random.integers(0, 2**64, 20_000, dtype=np.uint64)
    hashes[10_000:10_200] = changed(hashes[:200].copy(), distance, random)

    roots = near_components(hashes, distance).roots

    assert np.array_equal(roots[10_000:10_200], roots[:200])
    # By chance hardly any other two are so near.
    assert len(hashes) - len(np.unique(roots)) <= 210


def test_very_many_alike_are_one_without_comparing_each_with_each() -> None:
    random = np.random.default_rng(0)
    hashes = np.unique(changed(np.full(30_000, 0x0F0F, dtype=np.uint64), 3, random))

    assert len(np.unique(near_components(hashes, 4).roots)) == 1


def test_what_would_take_minutes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "MOST_WORK", 100_000)
    hashes = np.arange(5000, dtype=np.uint64)

    with pytest.raises(ComparisonsAreTooMany, match="5,000 images, many of them alike"):
        near_components(hashes, 8)


def test_signs_do_not_matter_and_who_has_no_hash_stays_alone() -> None:
    components = Components(5)

    join_near(components, [None, -1, 2**63 - 1, None, 0], 1)

    assert components.roots.tolist() == [0, 1, 1, 3, 4]


def test_no_hashes_at_all_join_nobody() -> None:
    components = Components(2)

    join_near(components, [None, None], 4)

    assert components.roots.tolist() == [0, 1]
