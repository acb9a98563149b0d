"""No split: all samples in one subset."""

from collections.abc import Mapping

import numpy as np

from libs.common.contracts.splits import NoSplit
from services.datasets.splitting.columns import Dealt, Needs, Samples


class Whole:
    def needs(self, method: NoSplit) -> Needs:
        return Needs()

    def deal(self, samples: Samples, method: NoSplit, earlier: Mapping[str, str]) -> Dealt:
        return Dealt((method.subset,), np.zeros(len(samples), dtype=np.int64))
