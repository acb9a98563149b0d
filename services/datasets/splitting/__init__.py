"""Ways of dealing samples out to subsets: one file per method, and one line in the table."""

from collections.abc import Mapping
from typing import Any

from libs.common.contracts.base import View
from libs.common.contracts.splits import FieldSplit, FileSplit, FilterSplit, NoSplit, RatioSplit, SplitMethod
from libs.common.errors import Problem
from services.datasets.errors import SubsetIsEmpty
from services.datasets.splitting.columns import Dealt, Needs, Samples
from services.datasets.splitting.field import ByField
from services.datasets.splitting.files import ByFile
from services.datasets.splitting.method import Method
from services.datasets.splitting.preview import preview
from services.datasets.splitting.ratio import ByRatio
from services.datasets.splitting.rules import ByRule
from services.datasets.splitting.whole import Whole

__all__ = ["Dealt", "Needs", "Samples", "deal", "needs", "preview"]

METHODS: dict[type[View], Method[Any]] = {
    RatioSplit: ByRatio(),
    FieldSplit: ByField(),
    FileSplit: ByFile(),
    FilterSplit: ByRule(),
    NoSplit: Whole(),
}


def needs(method: SplitMethod) -> Needs:
    return METHODS[type(method)].needs(method)


def deal(samples: Samples, method: SplitMethod, earlier: Mapping[str, str] | None = None) -> Dealt:
    """Raises SubsetIsEmpty rather than leave a subset without a sample, and what else a method refuses."""
    if not len(samples):
        raise SubsetIsEmpty("the version has no samples")
    dealt = METHODS[type(method)].deal(samples, method, earlier or {})
    if empty := [name for place, name in enumerate(dealt.subsets) if not (dealt.places == place).any()]:
        message = f"no sample is left for {', '.join(empty)}"
        raise SubsetIsEmpty(message, errors=[Problem(field="method", message=message)])
    return dealt
