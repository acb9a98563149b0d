"""By ratio: seeded, stratified, groups and near-duplicates together, and as an earlier split dealt it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum

import numpy as np

from libs.common.contracts.splits import RatioSplit
from libs.common.errors import Problem
from services.datasets.errors import SubsetIsEmpty
from services.datasets.splitting import groups
from services.datasets.splitting.columns import NOWHERE, Dealt, Needs, Samples
from services.datasets.splitting.components import Components
from services.datasets.splitting.dealing import Dealer, Held
from services.datasets.splitting.items import LabelSets, kinds_of, seeded_ranks
from services.datasets.splitting.mending import Mender
from services.datasets.splitting.near_duplicates import join_near


@dataclass(frozen=True)
class Kept:
    """`places` of what an earlier split dealt and of its groups; `num_torn` groups lie in several subsets."""

    places: np.ndarray
    num_samples: int
    num_torn: int


class ByRatio:
    def needs(self, method: RatioSplit) -> Needs:
        needs = Needs(frozenset({"digests"}))
        if method.group is not None:
            needs |= groups.needs(method.group, "method.group")
        return needs if method.near_duplicates is None else needs | Needs(frozenset({"hashes"}))

    def deal(self, samples: Samples, method: RatioSplit, earlier: Mapping[str, str]) -> Dealt:
        """Raises SubsetIsEmpty when there are too few items to give every subset one."""
        subsets = tuple(method.ratios)
        # No order in which the ratios are written changes anything: the larger first, val before test.
        ordered = sorted(method.ratios, key=lambda name: (method.ratios[name], name), reverse=True)
        # The exact sum: one that is rounded on the way depends on the order, and ties would be broken by it.
        total = fsum(method.ratios.values())
        ratios = [method.ratios[name] / total for name in ordered]

        _, items = np.unique(_together(samples, method), return_inverse=True)
        kept = _kept(samples, items, ordered, earlier)
        places = _dealt(samples, method, items, kept, ratios)
        _require_all(places, ordered, items, kept)
        return Dealt(
            subsets=subsets,
            places=np.array([subsets.index(name) for name in ordered])[places],
            num_kept=kept.num_samples,
            num_groups=int(np.count_nonzero(np.bincount(items) > 1)) - kept.num_torn,
            num_torn_groups=kept.num_torn,
        )


def _together(samples: Samples, method: RatioSplit) -> np.ndarray:
    """The same number for samples that may not be parted: those of the same bytes at least."""
    components = Components(len(samples))
    components.join_equal(samples.digests)
    if method.group is not None:
        components.join_equal(groups.keys(samples, method.group))
    if method.near_duplicates is not None:
        join_near(components, samples.hashes, method.near_duplicates)
    return components.roots


def _kept(samples: Samples, items: np.ndarray, subsets: list[str], earlier: Mapping[str, str]) -> Kept:
    """What an earlier split dealt stays; what is new in a group goes where most of the group lies."""
    place_of = {digest: subsets.index(name) for digest, name in earlier.items()}
    own = np.array([place_of.get(digest, NOWHERE) for digest in samples.digests], dtype=np.int64)
    is_kept = own != NOWHERE
    num_items = int(items.max()) + 1
    held = np.bincount(
        items[is_kept] * len(subsets) + own[is_kept], minlength=num_items * len(subsets)
    ).reshape(num_items, len(subsets))
    of_item = np.where(held.any(axis=1), held.argmax(axis=1), NOWHERE)
    num_torn = int(np.count_nonzero((held > 0).sum(axis=1) > 1))
    return Kept(np.where(is_kept, own, of_item[items]), int(np.count_nonzero(is_kept)), num_torn)


def _dealt(
    samples: Samples, method: RatioSplit, items: np.ndarray, kept: Kept, ratios: list[float]
) -> np.ndarray:
    sets = LabelSets.of(samples.labels if method.stratified else [()] * len(samples))
    places = kept.places.copy()
    here = [np.flatnonzero(places == place) for place in range(len(ratios))]
    held = Held(
        labels=np.stack([sets.count(each) for each in here], axis=1),
        totals=np.array([len(each) for each in here]),
    )
    free = np.flatnonzero(places == NOWHERE)
    if free.size:
        _, numbered = np.unique(items[free], return_inverse=True)
        ranks = seeded_ranks(samples.digests, method.seed)
        kinds = kinds_of(numbered, ranks, sets, free)
        dealer = Dealer(kinds, ratios, held)
        dealer.deal()
        Mender(dealer).mend()
        of_item = np.empty(len(kinds.items), dtype=np.int64)
        all_places = np.tile(np.arange(len(ratios)), len(kinds))
        of_item[kinds.items] = np.repeat(all_places, np.array(dealer.dealt).ravel())
        places[free] = of_item[numbered]
    return places


def _require_all(places: np.ndarray, subsets: list[str], items: np.ndarray, kept: Kept) -> None:
    empty = [name for place, name in enumerate(subsets) if not (places == place).any()]
    if not empty:
        return
    sizes = np.bincount(items)
    what = f"{len(places):,} samples are"
    if len(sizes) < len(places):
        what += f" {len(sizes):,} groups, the largest of {sizes.max():,} samples, which is"
    reason = "; an earlier split of this method decides where they are" if kept.num_samples else ""
    message = f"{what} too few: {', '.join(empty)} would stay empty{reason}"
    raise SubsetIsEmpty(message, errors=[Problem(field="method.ratios", message=message)])
