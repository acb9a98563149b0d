"""Samples that cannot be read: the first ends the training with its name, or so many are left out."""

import math
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from libs.common.errors import BadInput

NUM_NAMED = 5


class SampleIsBad(BadInput):
    code, title = "sample_bad", "A sample cannot be used"


class TooManySamplesAreBad(BadInput):
    code, title = "samples_bad", "Too many samples cannot be used"


class Unusable(NamedTuple):
    """Takes the place of a sample on its way from a reading process: an exception would arrive there as the
    text of a traceback."""

    name: str
    reason: str


class Tolerance:
    """Lives in the process that trains; `meet` is told of every sample that could not be used."""

    def __init__(
        self, policy: Literal["fail", "skip"], limit: float, num_samples: int, tell: Callable[[str], None]
    ) -> None:
        self._is_strict = policy == "fail"
        self._num_allowed = math.floor(limit * num_samples)
        self._num_samples = num_samples
        self._tell = tell
        self._met: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._met)

    def meet(self, samples: Iterable[Unusable]) -> None:
        """Raises SampleIsBad where none is tolerated, TooManySamplesAreBad beyond the limit."""
        for sample in samples:
            if sample.name in self._met:
                continue  # each epoch comes across it again
            if self._is_strict:
                raise SampleIsBad(f"{sample.name}: {sample.reason}")
            self._met[sample.name] = sample.reason
            count = f"{len(self._met)} of at most {self._num_allowed}"
            self._tell(f"left out ({count}): {sample.name}: {sample.reason}")
            if len(self._met) > self._num_allowed:
                raise TooManySamplesAreBad(self._too_many())

    def _too_many(self) -> str:
        first = ", ".join(list(self._met)[:NUM_NAMED])
        found = f"{len(self._met)} of {self._num_samples} samples cannot be read"
        return f"{found}, {self._num_allowed} may be left out; among them {first}"
