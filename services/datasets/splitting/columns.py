"""What goes into a split and what comes out: columns, for there may be a million samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import numpy as np

Column = Literal["digests", "names", "subsets", "hashes", "widths", "heights"]
NOWHERE = -1


@dataclass(frozen=True)
class Needs:
    """Columns that are looked at beside ids and labels; `fields` says where in the request each was named."""

    columns: frozenset[Column] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(self.columns | other.columns, {**self.fields, **other.fields})


@dataclass(frozen=True)
class Samples:
    """The same place in every column is the same sample; a column that nobody needs is empty.

    `digests` are SHA-256, `subsets` what the import named, `hashes` perceptual and signed, `fields` as text.
    """

    ids: Sequence[UUID]
    labels: Sequence[tuple[str, ...]]
    digests: Sequence[str] = ()
    names: Sequence[str] = ()
    subsets: Sequence[str | None] = ()
    hashes: Sequence[int | None] = ()
    widths: Sequence[int] = ()
    heights: Sequence[int] = ()
    fields: Mapping[str, Sequence[str | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Dealt:
    """`places` says for every sample which of `subsets` it is in, NOWHERE if it is left out.

    `num_groups` counts groups of more than one sample that stayed together, `num_torn_groups` those that an
    earlier split holds in several subsets.
    """

    subsets: tuple[str, ...]
    places: np.ndarray
    num_kept: int = 0
    num_groups: int = 0
    num_torn_groups: int = 0

    @classmethod
    def of(cls, subsets: Sequence[str]) -> "Dealt":
        """As it was dealt before: the subset of every sample."""
        names = tuple(sorted(set(subsets)))
        place_of = {name: place for place, name in enumerate(names)}
        places = np.fromiter((place_of[name] for name in subsets), dtype=np.int64, count=len(subsets))
        return cls(names, places)

    @property
    def num_left_out(self) -> int:
        return int(np.count_nonzero(self.places == NOWHERE))

    def assignments(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Without those that are left out."""
        pairs = zip(ids, self.places.tolist(), strict=True)
        return {sample_id: self.subsets[place] for sample_id, place in pairs if place != NOWHERE}
