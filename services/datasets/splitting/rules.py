"""By rules: the first that fits a sample decides."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from libs.common.contracts.splits import FilterSplit, Rule
from libs.common.errors import Problem
from services.datasets.errors import RuleNeverFits
from services.datasets.splitting.columns import NOWHERE, Column, Dealt, Needs, Samples
from services.datasets.splitting.names import fitting

Condition = Callable[[int], object]


class ByRule:
    def needs(self, method: FilterSplit) -> Needs:
        columns: set[Column] = set()
        if any(rule.name is not None for rule in method.rules):
            columns.add("names")
        if any(rule.min_side is not None or rule.max_side is not None for rule in method.rules):
            columns |= {"widths", "heights"}
        fields = {
            rule.field: f"method.rules.{number}.field"
            for number, rule in enumerate(method.rules)
            if rule.field is not None
        }
        return Needs(frozenset(columns), fields)

    def deal(self, samples: Samples, method: FilterSplit, earlier: Mapping[str, str]) -> Dealt:
        named = [rule.subset for rule in method.rules] + ([method.rest] if method.rest else [])
        subsets = tuple(dict.fromkeys(named))
        places, left = np.full(len(samples), NOWHERE), list(range(len(samples)))
        for number, rule in enumerate(method.rules):
            conditions = list(_conditions(rule, samples))
            taken = [sample for sample in left if all(holds(sample) for holds in conditions)]
            if not taken:
                raise _never_fits(number, conditions, len(samples))
            places[taken] = subsets.index(rule.subset)
            left = [sample for sample in left if places[sample] == NOWHERE]
        if method.rest:
            places[left] = subsets.index(method.rest)
        return Dealt(subsets, places)


def _conditions(rule: Rule, samples: Samples) -> Iterator[Condition]:
    """The cheapest first; each looks at one column."""
    if rule.label is not None:
        label = rule.label
        yield lambda sample: label in samples.labels[sample]
    if rule.field is not None:
        column, value = samples.fields[rule.field], rule.value
        yield lambda sample: column[sample] is not None if value is None else column[sample] == value
    if rule.min_side is not None:
        least = rule.min_side
        yield lambda sample: min(samples.widths[sample], samples.heights[sample]) >= least
    if rule.max_side is not None:
        most = rule.max_side
        # What is no image has no sides.
        yield lambda sample: 0 < max(samples.widths[sample], samples.heights[sample]) <= most
    if rule.name is not None:
        fits = fitting(rule.name)
        yield lambda sample: fits(samples.names[sample])


def _never_fits(number: int, conditions: list[Condition], num_samples: int) -> RuleNeverFits:
    fits = any(all(holds(sample) for holds in conditions) for sample in range(num_samples))
    message = "the rules before it take every sample that fits" if fits else "no sample fits"
    said = f"rule {number + 1} takes nothing: {message}"
    return RuleNeverFits(said, errors=[Problem(field=f"method.rules.{number}", message=message)])
