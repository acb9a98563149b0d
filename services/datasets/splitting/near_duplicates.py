"""Images that look alike: 64-bit hashes that differ in few bits, found without comparing all with all.

Hashes are cut into bands. Two that differ in at most d bits are equal in all but d of the bands, so in some
choice of the others they have the same key and lie beside each other when sorted by it. After M. Norouzi,
A. Punjani, D. Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing" (2014), in a form that
whole arrays do well.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np

from services.datasets.errors import ComparisonsAreTooMany
from services.datasets.splitting.components import Components

BITS = 64
INDEX_BITS = 24
KEY_BITS = BITS - INDEX_BITS
# In comparisons: what sorting a hash takes, what picking it out does, and what may be done at all, which is
# about half a minute of one core.
COST_OF_SORTING = 60
COST_OF_PICKING = 10
MOST_WORK = 12_000_000_000
# So many neighbours at once stay in the cache.
BLOCK = 2**16
# Runs longer than this are looked at again and again for whether they are one component by now.
PATIENCE = 64
# Neighbouring bits of a perceptual hash go together; spread over the bands they tell more hashes apart.
SPREAD = np.random.default_rng(BITS).permutation(BITS)


def join_near(components: Components, hashes: Sequence[int | None], distance: int) -> None:
    """Joins members whose hashes differ in at most `distance` bits; those without a hash stay alone.

    Raises ComparisonsAreTooMany rather than work for minutes.
    """
    known = np.array([number for number, value in enumerate(hashes) if value is not None], dtype=np.int64)
    values = np.array([value for value in hashes if value is not None], dtype=np.int64).view(np.uint64)
    distinct, first, which = np.unique(values, return_index=True, return_inverse=True)
    components.join(known, known[first[which]])
    near = near_components(distinct, distance)
    components.join(known[first], known[first[near.roots]])


def near_components(distinct: np.ndarray, distance: int) -> Components:
    search = _Search(_spread(distinct), distance)
    if distance and len(distinct) > 1:
        for keys in _keys(search.hashes, *_bands(len(distinct), distance)):
            search.look(keys)
    return search.components


class _Search:
    def __init__(self, hashes: np.ndarray, distance: int) -> None:
        self.hashes = hashes
        self.components = Components(len(hashes))
        self._distance = distance
        self._work_left = MOST_WORK

    def look(self, keys: np.ndarray) -> None:
        """Compares every hash with those of the same key."""
        self._spend(COST_OF_SORTING * len(keys))
        numbers = np.arange(len(keys), dtype=np.uint64)
        packed = np.sort((keys << np.uint64(INDEX_BITS)) | numbers)
        order = (packed & np.uint64(2**INDEX_BITS - 1)).astype(np.int64)
        run = _Runs(packed >> np.uint64(INDEX_BITS))
        hashes, offset = self.hashes[order], 1
        run.settle(self.components.roots[order])
        while run.has_any(offset):
            left = self._near(hashes, run, offset)
            if left.size:
                self._spend(COST_OF_PICKING * left.size + len(hashes))
                self.components.join(order[left], order[left + offset])
            offset += 1
            if offset >= PATIENCE and offset & (offset - 1) == 0:
                run.settle(self.components.roots[order])

    def _near(self, hashes: np.ndarray, runs: "_Runs", offset: int) -> np.ndarray:
        """Places whose hash is near to that `offset` further on."""
        places = runs.few(offset)
        if places is not None:
            self._spend(COST_OF_PICKING * len(places))
            return places[self._is_near(hashes[places], hashes[places + offset])]
        self._spend(len(hashes))
        end = len(hashes) - offset
        stretches = [slice(start, min(start + BLOCK, end)) for start in range(0, end, BLOCK)]
        found = [
            np.flatnonzero(self._is_near(hashes[each], hashes[offset:][each])) + each.start
            for each in stretches
        ]
        return np.concatenate(found)

    def _is_near(self, here: np.ndarray, there: np.ndarray) -> np.ndarray:
        return np.bitwise_count(here ^ there) <= self._distance

    def _spend(self, work: int) -> None:
        self._work_left -= work
        if self._work_left < 0:
            raise ComparisonsAreTooMany(
                f"{len(self.hashes):,} images, many of them alike, take too long to compare at a distance of "
                f"{self._distance}; choose a smaller one"
            )


def _bands(size: int, distance: int) -> tuple[int, int]:
    """How many bands, and how many of them make a key: what costs least for hashes of all values."""

    def cost(num_bands: int) -> float:
        width = (num_bands - distance) * BITS / num_bands
        compared = size / 2 ** (min(width, KEY_BITS) + 1)
        return math.comb(num_bands, distance) * (COST_OF_SORTING + compared)

    num_bands = min(range(distance + 1, distance + 5), key=cost)
    return num_bands, num_bands - distance


def _keys(hashes: np.ndarray, num_bands: int, num_chosen: int) -> Iterator[np.ndarray]:
    edges = [BITS * number // num_bands for number in range(num_bands + 1)]
    bands = [
        ((hashes >> np.uint64(low)) & np.uint64(2 ** (high - low) - 1), high - low)
        for low, high in pairwise(edges)
    ]
    for chosen in combinations(bands, num_chosen):
        keys = np.zeros(len(hashes), dtype=np.uint64)
        for band, width in chosen:
            keys = (keys << np.uint64(width)) | band
        # What is cut off makes some keys equal that are not, which costs a comparison.
        yield keys & np.uint64(2**KEY_BITS - 1)


def _spread(hashes: np.ndarray) -> np.ndarray:
    bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1)
    return np.ascontiguousarray(np.packbits(bits[:, SPREAD], axis=1)).view(np.uint64).ravel()


class _Runs:
    """Stretches of equal keys, by how far each of their members can look ahead inside."""

    def __init__(self, keys: np.ndarray) -> None:
        self._starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        self._lengths = np.diff(self._starts, append=len(keys))
        ends = np.repeat(self._starts + self._lengths, self._lengths)
        self._reach = ends - np.arange(len(keys)) - 1
        self._count()

    def has_any(self, offset: int) -> bool:
        return offset < len(self._num_reaching)

    def few(self, offset: int) -> np.ndarray | None:
        """Who reaches so far, unless that is most of all."""
        if COST_OF_PICKING * self._num_reaching[offset] >= len(self._reach):
            return None
        reach = self._reach if self._active is None else self._reach[self._active]
        places = np.flatnonzero(reach >= offset)
        self._active = places if self._active is None else self._active[places]
        return self._active

    def settle(self, roots: np.ndarray) -> None:
        """Nothing is left to be found in a run that is one component."""
        is_other = roots != np.repeat(roots[self._starts], self._lengths)
        is_settled = ~np.logical_or.reduceat(is_other, self._starts)
        self._reach[np.repeat(is_settled, self._lengths)] = 0
        self._count()

    def _count(self) -> None:
        self._active: np.ndarray | None = None
        self._num_reaching = np.bincount(self._reach)[::-1].cumsum()[::-1]
