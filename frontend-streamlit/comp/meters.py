"""Tiles that show how much of something is in use now, and how it came to that."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from comp import register

_METERS = register("meters", shared=("elements",))
Level = Literal["well", "warning", "critical"]


@dataclass(frozen=True)
class Meter:
    """`share` fills the bar, `course` is drawn as a line and `bars` as columns, all from 0 to 1."""

    label: str
    value: str
    share: float | None = None
    detail: str = ""
    level: Level = "well"
    course: tuple[float | None, ...] = ()
    bars: tuple[float, ...] = ()


def meters(shown: Sequence[Meter], *, key: str, is_compact: bool = False) -> None:
    """Mounted again with other values it changes in place."""
    _METERS(key=key, data={"meters": [asdict(each) for each in shown], "compact": is_compact})
