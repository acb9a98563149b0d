"""By lists of files: names in full, or with `*` and `?`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from libs.common.contracts.splits import FileSplit
from libs.common.errors import Problem
from services.datasets.errors import ComparisonsAreTooMany, NamesAreUnknown, NamesOverlap
from services.datasets.splitting.columns import NOWHERE, Dealt, Needs, Samples
from services.datasets.splitting.names import Fits, fitting, is_pattern

NUM_NAMED = 10
# Names times patterns: about half a minute.
MOST_COMPARISONS = 50_000_000


@dataclass(frozen=True)
class Pattern:
    place: int
    text: str
    fits: Fits


class ByFile:
    def needs(self, method: FileSplit) -> Needs:
        return Needs(frozenset({"names"}))

    def deal(self, samples: Samples, method: FileSplit, earlier: Mapping[str, str]) -> Dealt:
        """A name in full counts more than a pattern."""
        named = [*method.files, *([method.rest] if method.rest else [])]
        subsets = tuple(dict.fromkeys(named))
        exact, patterns = _exact(method, subsets), _patterns(method, subsets)
        if len(patterns) * len(samples) > MOST_COMPARISONS:
            message = (
                f"{len(patterns):,} patterns are too many for {len(samples):,} samples; give names in full"
            )
            raise ComparisonsAreTooMany(message, errors=[Problem(field="method.files", message=message)])
        rest = subsets.index(method.rest) if method.rest else NOWHERE
        places, used = np.full(len(samples), rest), set[str]()
        for number, name in enumerate(samples.names):
            fitting_ones = [pattern for pattern in patterns if pattern.fits(name)]
            used.update(pattern.text for pattern in fitting_ones)
            if name in exact:
                used.add(name)
                places[number] = exact[name]
            elif fitting_ones:
                places[number] = _only(name, fitting_ones, subsets)
        _require_used(method, used)
        return Dealt(subsets, places)


def _exact(method: FileSplit, subsets: Sequence[str]) -> Mapping[str, int]:
    exact: dict[str, int] = {}
    for place, name in _named(method, subsets):
        if not is_pattern(name) and exact.setdefault(name, place) != place:
            raise _overlap(name, subsets[exact[name]], subsets[place])
    return exact


def _patterns(method: FileSplit, subsets: Sequence[str]) -> Sequence[Pattern]:
    return [
        Pattern(place, name, fitting(name)) for place, name in _named(method, subsets) if is_pattern(name)
    ]


def _named(method: FileSplit, subsets: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((subsets.index(subset), name) for subset, names in method.files.items() for name in names)


def _only(name: str, patterns: Sequence[Pattern], subsets: Sequence[str]) -> int:
    first = patterns[0]
    for other in patterns[1:]:
        if other.place != first.place:
            raise _overlap(name, subsets[first.place], subsets[other.place])
    return first.place


def _overlap(name: str, one: str, other: str) -> NamesOverlap:
    message = f"{name} is named for {one} and for {other}"
    return NamesOverlap(message, errors=[Problem(field=f"method.files.{other}", message=message)])


def _require_used(method: FileSplit, used: set[str]) -> None:
    unknown = {subset: [name for name in names if name not in used] for subset, names in method.files.items()}
    problems = [
        Problem(field=f"method.files.{subset}", message=f"no sample is named {name}")
        for subset, names in unknown.items()
        for name in names[:NUM_NAMED]
    ]
    if problems:
        number = sum(map(len, unknown.values()))
        first = ", ".join(name for names in unknown.values() for name in names[:NUM_NAMED])
        raise NamesAreUnknown(f"no sample fits {number:,} of the given names: {first}", errors=problems)
