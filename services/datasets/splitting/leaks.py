"""What of a split lies on both sides: the same bytes, images that look alike, parts of one group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.common.contracts.splits import Group, Leak
from services.datasets.splitting import groups
from services.datasets.splitting.columns import Dealt, Needs, Samples
from services.datasets.splitting.components import Components
from services.datasets.splitting.near_duplicates import join_near

MOST_LEAKS = 100
MOST_NAMES = 10
# The nearest pair is looked for among so many samples of a leak.
MOST_COMPARED = 1000


@dataclass(frozen=True)
class Crossing:
    """Samples of several subsets that belong together, from one subset after the other, inside by name."""

    kind: str
    members: np.ndarray


@dataclass(frozen=True)
class Leaks:
    duplicates: Sequence[Crossing]
    near_duplicates: Sequence[Crossing]
    groups: Sequence[Crossing]

    @property
    def all(self) -> Sequence[Crossing]:
        return [*self.duplicates, *self.near_duplicates, *self.groups]

    @property
    def num_samples(self) -> int:
        found = [crossing.members for crossing in self.all]
        return len(np.unique(np.concatenate(found))) if found else 0


def needs(group: Group | None) -> Needs:
    always = Needs(frozenset({"digests", "hashes", "names"}))
    return always if group is None else always | groups.needs(group, "group")


def find_leaks(samples: Samples, dealt: Dealt, near_duplicates: int, group: Group | None) -> Leaks:
    same, near, together = Components(len(samples)), Components(len(samples)), Components(len(samples))
    same.join_equal(samples.digests)
    join_near(near, samples.hashes, near_duplicates)
    if group is not None:
        together.join_equal(groups.keys(samples, group))
    looks_alike = [
        crossing
        for crossing in _crossings("near_duplicate", near, samples, dealt)
        if len(np.unique(same.roots[crossing.members])) > 1
    ]
    return Leaks(
        _crossings("duplicate", same, samples, dealt),
        looks_alike,
        _crossings("group", together, samples, dealt),
    )


def shown(leaks: Leaks, samples: Samples, dealt: Dealt) -> tuple[Leak, ...]:
    return tuple(_leak(crossing, samples, dealt) for crossing in leaks.all[:MOST_LEAKS])


def _crossings(kind: str, components: Components, samples: Samples, dealt: Dealt) -> list[Crossing]:
    """In the order of names."""
    order = np.lexsort((dealt.places, components.roots))
    roots, places = components.roots[order], dealt.places[order]
    starts = np.flatnonzero(np.concatenate(([True], roots[1:] != roots[:-1])))
    ends = np.append(starts[1:], len(roots))
    crossing = places[starts] != places[ends - 1]
    found = [
        Crossing(kind, _in_turns(order[start:end], samples, dealt))
        for start, end in zip(starts[crossing], ends[crossing], strict=True)
    ]
    return sorted(found, key=lambda each: str(samples.names[each.members[0]]))


def _in_turns(members: np.ndarray, samples: Samples, dealt: Dealt) -> np.ndarray:
    by_name = sorted(members.tolist(), key=lambda member: str(samples.names[member]))
    turns: dict[int, int] = {}
    placed = []
    for number, member in enumerate(by_name):
        place = int(dealt.places[member])
        turns[place] = turns.get(place, -1) + 1
        placed.append((turns[place], number, member))
    return np.array([member for *_, member in sorted(placed)])


def _leak(crossing: Crossing, samples: Samples, dealt: Dealt) -> Leak:
    distance, members = 0, crossing.members.tolist()
    if crossing.kind == "near_duplicate":
        distance, nearest = _nearest(members[:MOST_COMPARED], samples, dealt)
        rest = (member for member in members if member not in nearest)
        members = [*sorted(nearest, key=lambda member: str(samples.names[member])), *rest]
    members = members[:MOST_NAMES]
    return Leak.model_validate(
        {
            "kind": crossing.kind,
            "distance": distance,
            "num_samples": len(crossing.members),
            "samples": [samples.ids[member] for member in members],
            "names": [samples.names[member] for member in members],
            "subsets": [dealt.subsets[dealt.places[member]] for member in members],
        }
    )


def _nearest(members: Sequence[int], samples: Samples, dealt: Dealt) -> tuple[int, tuple[int, int]]:
    """Of different subsets."""
    hashes = np.array([samples.hashes[member] for member in members], dtype=np.int64)
    distances = np.bitwise_count((hashes[:, None] ^ hashes).view(np.uint64)).astype(np.int64)
    places = dealt.places[list(members)]
    distances[places[:, None] == places] = 65
    row, column = divmod(int(distances.argmin()), len(members))
    return int(distances[row, column]), (members[row], members[column])
