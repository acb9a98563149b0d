"""By what a field of the samples says, or by the subset that the import named."""

from collections.abc import Mapping, Sequence

import numpy as np

from libs.common.contracts.splits import FieldSplit
from libs.common.errors import Problem
from services.datasets.errors import SubsetIsEmpty, SubsetIsUnnamed
from services.datasets.formats.subsets import subset_of_value
from services.datasets.splitting.columns import NOWHERE, Dealt, Needs, Samples

MOST_SUBSETS = 200
NUM_NAMED = 10
# In this order, and others behind them by name.
USUAL = {"train": 0, "val": 1, "test": 2}


class ByField:
    def needs(self, method: FieldSplit) -> Needs:
        if method.field is None:
            return Needs(frozenset({"subsets"}))
        return Needs(fields={method.field: "method.field"})

    def deal(self, samples: Samples, method: FieldSplit, earlier: Mapping[str, str]) -> Dealt:
        values = samples.subsets if method.field is None else samples.fields[method.field]
        distinct = sorted({value for value in values if value})
        if not distinct:
            message = "the import named no subset of any sample"
            raise SubsetIsEmpty(message, errors=[Problem(field="method.field", message=message)])
        named = _chosen(method, distinct) if method.subsets else _by_value(distinct)
        subsets = tuple(sorted(set(named.values()), key=lambda name: (USUAL.get(name, len(USUAL)), name)))
        place_of = {value: subsets.index(subset) for value, subset in named.items()}
        places = [NOWHERE if value is None else place_of.get(value, NOWHERE) for value in values]
        return Dealt(subsets, np.array(places, dtype=np.int64))


def _chosen(method: FieldSplit, distinct: Sequence[str]) -> Mapping[str, str]:
    """A value that no sample has is no mistake as long as another fills its subset."""
    filled = {method.subsets[value] for value in distinct if value in method.subsets}
    empty = {value: subset for value, subset in method.subsets.items() if subset not in filled}
    if empty:
        said = f"no sample has {', '.join(map(repr, empty))}; there are {_some(distinct)}"
        problems = [
            Problem(field=f"method.subsets.{value}", message=f"{subset} would stay empty")
            for value, subset in empty.items()
        ]
        raise SubsetIsEmpty(said, errors=problems)
    return method.subsets


def _by_value(distinct: Sequence[str]) -> Mapping[str, str]:
    """Every value is a subset; `valid` is `val`."""
    if len(distinct) > MOST_SUBSETS:
        _refuse(f"{len(distinct):,} different values are no subsets; say which values make which subset")
    named = {value: subset_of_value(value) for value in distinct}
    if strange := [value for value, subset in named.items() if subset is None]:
        _refuse(f"say which subsets these values are: {_some(strange)}")
    return {value: subset for value, subset in named.items() if subset is not None}


def _refuse(message: str) -> None:
    raise SubsetIsUnnamed(message, errors=[Problem(field="method.subsets", message=message)])


def _some(values: Sequence[str]) -> str:
    more = f" and {len(values) - NUM_NAMED:,} more" if len(values) > NUM_NAMED else ""
    return ", ".join(map(repr, values[:NUM_NAMED])) + more
