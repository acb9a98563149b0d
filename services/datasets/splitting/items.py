"""What is dealt: groups of samples that stay together; a sample alone is a group of one."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Labels = tuple[int, ...]


@dataclass(frozen=True)
class LabelSets:
    """`codes` says which of the `sets` each sample has; sets hold numbers of labels, both in sorted order."""

    codes: np.ndarray
    sets: tuple[Labels, ...]
    num_labels: int

    @classmethod
    def of(cls, labels: Sequence[tuple[str, ...]]) -> "LabelSets":
        """Having no label is a label too: those samples are divided as well."""
        distinct = sorted(set(labels))
        code = {each: number for number, each in enumerate(distinct)}
        names = sorted({name for each in distinct for name in each})
        number = {name: place for place, name in enumerate(names, start=1)}
        sets = tuple(tuple(number[name] for name in sorted(set(each))) or (0,) for each in distinct)
        codes = np.fromiter((code[each] for each in labels), dtype=np.int64, count=len(labels))
        return cls(codes, sets, len(names) + 1)

    def count(self, samples: np.ndarray) -> np.ndarray:
        """How many of these samples carry each label."""
        found = np.zeros(self.num_labels, dtype=np.int64)
        of_code = np.bincount(self.codes[samples], minlength=len(self.sets))
        for code in np.flatnonzero(of_code):
            found[list(self.sets[code])] += of_code[code]
        return found


@dataclass(frozen=True)
class Kinds:
    """Items that are the same to the eyes of a dealer: as many samples, with the same labels.

    Of each kind: how many samples an item has, which labels, how many of an item's samples carry each, and
    how many items there are. `items` holds them kind after kind, inside by the seed.
    """

    sizes: list[int]
    labels: list[Labels]
    counts: list[tuple[int, ...]]
    nums: list[int]
    items: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)


def kinds_of(items: np.ndarray, ranks: np.ndarray, label_sets: LabelSets, samples: np.ndarray) -> Kinds:
    """Of these samples, whose `items` are numbered from 0 on without a gap.

    Large items come first, then those with rare labels: what comes late makes up for what came early. Among
    equals the seed decides.
    """
    kinds, compositions = _compositions(items, label_sets.codes[samples], len(label_sets.sets))
    described = [(each, (1,) * len(each)) for each in label_sets.sets]
    described += [_joined(each, label_sets.sets) for each in compositions]
    sizes = np.array([1] * len(label_sets.sets) + [len(each) for each in compositions])
    total = label_sets.count(samples)
    rarest = np.array([min(total[list(labels)]) for labels, _ in described])

    first = np.full(len(kinds), len(ranks))
    np.minimum.at(first, items, ranks[samples])
    seeded = np.full(len(described), len(ranks))
    np.minimum.at(seeded, kinds, first)

    order = np.lexsort((seeded, _magnitude(rarest), -_magnitude(sizes)))
    nums = np.bincount(kinds, minlength=len(described))[order]
    order, nums = order[nums > 0], nums[nums > 0]
    place = np.empty(len(described), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Kinds(
        sizes=sizes[order].tolist(),
        labels=[described[kind][0] for kind in order],
        counts=[described[kind][1] for kind in order],
        nums=nums.tolist(),
        items=np.lexsort((first, place[kinds])),
    )


def seeded_ranks(digests: Sequence[str], seed: int) -> np.ndarray:
    """Places in an order by a hash of content and seed: no order of files and no new neighbour changes it."""
    hashes = b"".join(hashlib.sha256(f"{seed}/{digest}".encode()).digest() for digest in digests)
    words = np.frombuffer(hashes, dtype=">u8").reshape(-1, 4)
    ranks = np.empty(len(words), dtype=np.int64)
    ranks[np.lexsort((words[:, 1], words[:, 0]))] = np.arange(len(words))
    return ranks


def _compositions(items: np.ndarray, codes: np.ndarray, num_codes: int) -> tuple[np.ndarray, list[Labels]]:
    """The kind of every item: its sample's code, or behind all codes a number of what several have in sum."""
    order = np.lexsort((codes, items))
    sizes = np.bincount(items)
    starts = np.cumsum(sizes) - sizes
    kinds = codes[order][starts]
    found: dict[bytes, int] = {}
    compositions: list[Labels] = []
    for item in np.flatnonzero(sizes > 1):
        held = codes[order[starts[item] : starts[item] + sizes[item]]]
        kinds[item] = found.setdefault(held.tobytes(), num_codes + len(found))
        if len(found) > len(compositions):
            compositions.append(tuple(held.tolist()))
    return kinds, compositions


def _joined(composition: Labels, sets: Sequence[Labels]) -> tuple[Labels, tuple[int, ...]]:
    counts = Counter(label for code in composition for label in sets[code])
    labels = tuple(sorted(counts))
    return labels, tuple(counts[label] for label in labels)


def _magnitude(numbers: np.ndarray) -> np.ndarray:
    """Numbers of bits: what differs by less is dealt in the order of the seed."""
    return np.frexp(numbers)[1]
