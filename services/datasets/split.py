"""How samples are dealt out to subsets: by content and seed, so the same data always splits the same way."""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common.contracts.imports import ClassCount
from libs.common.contracts.splits import RatioSplit, SubsetPreview
from services.datasets.errors import SubsetIsEmpty


@dataclass(frozen=True)
class Sorted:
    """What a split looks at in a sample."""

    id: UUID
    sha256: str
    labels: Sequence[str]


def split(samples: Sequence[Sorted], method: RatioSplit) -> dict[UUID, str]:
    """Subset by sample; raises SubsetIsEmpty when there are too few samples to give every subset one."""
    strata: dict[tuple[str, ...], list[Sorted]] = defaultdict(list)
    for sample in samples:
        strata[tuple(sample.labels) if method.stratified else ()].append(sample)
    subsets: dict[UUID, str] = {}
    total = sum(method.ratios.values())
    ratios = {name: ratio / total for name, ratio in method.ratios.items()}
    owed = dict.fromkeys(ratios, 0.0)
    for labels in sorted(strata):
        dealt = _deal(_shuffled(strata[labels], method.seed), ratios, owed)
        subsets.update(dealt)
    if empty := sorted(set(method.ratios) - set(subsets.values())):
        raise SubsetIsEmpty(f"{len(samples)} samples are too few: {', '.join(empty)} would stay empty")
    return subsets


def _shuffled(samples: Iterable[Sorted], seed: int) -> list[Sorted]:
    """By a hash of content and seed: no order of files and no new neighbour changes a sample's place."""
    return sorted(samples, key=lambda sample: hashlib.sha256(f"{seed}/{sample.sha256}".encode()).digest())


def _deal(samples: Sequence[Sorted], ratios: Mapping[str, float], owed: dict[str, float]) -> dict[UUID, str]:
    """Each subset gets its share, rounded; what rounding took is owed to it by the next stratum.

    So every class is divided as closely as whole samples allow, and the totals are too.
    """
    wanted = {name: len(samples) * ratio + owed[name] for name, ratio in ratios.items()}
    counts = {name: max(math.floor(share + 1e-9), 0) for name, share in wanted.items()}
    by_remainder = sorted(ratios, key=lambda name: counts[name] - wanted[name])
    while sum(counts.values()) > len(samples):
        counts[max(counts, key=lambda name: counts[name] - wanted[name])] -= 1
    for name in by_remainder[: len(samples) - sum(counts.values())]:
        counts[name] += 1
    owed.update({name: wanted[name] - counts[name] for name in ratios})
    names = [name for name, count in counts.items() for _ in range(count)]
    return {sample.id: name for sample, name in zip(samples, names, strict=True)}


def preview(
    samples: Iterable[Sorted], subsets: Mapping[UUID, str], method: RatioSplit
) -> tuple[SubsetPreview, ...]:
    """Per subset, in the method's order: how many samples, and of which class."""
    sizes: Counter[str] = Counter()
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in samples:
        subset = subsets[sample.id]
        sizes[subset] += 1
        classes[subset].update(sample.labels)
    return tuple(
        SubsetPreview(
            subset=name,
            num_samples=sizes[name],
            classes=tuple(
                ClassCount(name=label, count=count) for label, count in sorted(classes[name].items())
            ),
        )
        for name in method.ratios
    )
