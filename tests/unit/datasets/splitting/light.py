"""Samples as splits see them, made of few words."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from libs.common.contracts.splits import SplitMethod
from services.datasets.errors import SubsetIsEmpty
from services.datasets.splitting import Dealt, Samples, deal, needs


@dataclass(frozen=True)
class Light:
    """`content` stands for the bytes: the same word, the same digest."""

    content: str
    labels: tuple[str, ...] = ()
    name: str = ""
    subset: str | None = None
    hash: int | None = None
    width: int = 0
    height: int = 0
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


def columns(samples: Sequence[Light], fields: Iterable[str] = ()) -> Samples:
    """With those fields that a sample has, and the given ones."""
    named = {name for sample in samples for name in sample.fields} | set(fields)
    return Samples(
        ids=[UUID(sample.digest[:32]) for sample in samples],
        labels=[sample.labels for sample in samples],
        digests=[sample.digest for sample in samples],
        names=[sample.name or sample.content for sample in samples],
        subsets=[sample.subset for sample in samples],
        hashes=[sample.hash for sample in samples],
        widths=[sample.width for sample in samples],
        heights=[sample.height for sample in samples],
        fields={name: [sample.fields.get(name) for sample in samples] for name in named},
    )


def dealt(
    samples: Sequence[Light], method: SplitMethod, earlier: dict[str, str] | None = None
) -> tuple[dict[str, str], Dealt]:
    """Subset by content; `earlier` is one, too."""
    known = {Light(content).digest: subset for content, subset in (earlier or {}).items()}
    found = deal(columns(samples, needs(method).fields), method, known)
    pairs = zip(samples, found.places.tolist(), strict=True)
    return {sample.content: found.subsets[place] for sample, place in pairs if place >= 0}, found


def dealt_or_none(
    samples: Sequence[Light], method: SplitMethod, earlier: dict[str, str] | None = None
) -> dict[str, str] | None:
    try:
        return dealt(samples, method, earlier)[0]
    except SubsetIsEmpty:
        return None


def sizes(subsets: dict[str, str]) -> dict[str, int]:
    return dict(Counter(subsets.values()))
