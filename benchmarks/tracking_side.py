"""What every side of the comparison of tracking servers does, and the values that all of them get."""

from collections.abc import Sequence
from typing import Any, Protocol

# Of a page of runs, and of a chart.
PAGE = 50
MAX_POINTS = 1000


class Side(Protocol):
    """One tracking server; ids are its own."""

    async def new_runs(self, count: int) -> list[Any]: ...

    async def send(self, run: Any, first: int, count: int, keys: Sequence[str] = ("loss",)) -> None:
        """`count` points of each key from step `first`; they may still be on their way when it returns."""
        ...

    async def arrive(self, runs: Sequence[Any], total: int) -> None:
        """Returns when all that was sent can be read."""
        ...

    async def history(self, run: Any) -> None: ...

    async def list_runs(self) -> None: ...


def value_at(step: int) -> float:
    return 1.0 / (1 + step % 977)
