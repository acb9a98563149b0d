"""Which class a value or a colour of a mask is: as the source says it, or by number."""

from collections.abc import Mapping
from dataclasses import dataclass, field

BACKGROUND_VALUE, IGNORED_VALUE = 0, 255
BLACK = 0
# The class of pixels that are neither right nor wrong.
IGNORED = "ignore"
# The class of masks that know only no and yes.
FOREGROUND = "foreground"
BACKGROUND_WORDS = frozenset({"background", "_background_", "__background__", "bg"})
IGNORED_WORDS = frozenset({IGNORED, "ignored", "void", "unlabeled", "unlabelled"})


@dataclass(frozen=True)
class Area:
    """What some pixels are."""

    label: str
    is_ignored: bool = False


@dataclass(frozen=True)
class Naming:
    """Names by value, and by colour as red, green and blue in one number; what has no name gets its number.

    `is_coloured`: colours are classes, even those that look grey. `is_binary`: 255 is the only class.
    """

    values: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, str] = field(default_factory=dict)
    is_coloured: bool = False
    is_binary: bool = False

    def labels(self) -> tuple[str, ...]:
        """Those that have names."""
        areas = [self.of_value(value) for value in self.values]
        areas += [self.of_colour(colour) for colour in self.colours]
        areas += [Area(FOREGROUND)] if self.is_binary else []
        return tuple(sorted({area.label for area in areas if area is not None and not area.is_ignored}))

    def of_value(self, value: int) -> Area | None:
        """None for the background."""
        name = self.values.get(value)
        if value == BACKGROUND_VALUE and (name is None or name.lower() in BACKGROUND_WORDS):
            return None
        if value == IGNORED_VALUE and (name is None or name.lower() in IGNORED_WORDS):
            return Area(FOREGROUND) if self.is_binary else Area(IGNORED, is_ignored=True)
        return Area(f"class_{value}" if name is None else name)

    def of_colour(self, colour: int) -> Area | None:
        name = self.colours.get(colour)
        if name is None:
            return None if colour == BLACK else Area(f"class_{colour:06x}")
        if name.lower() in BACKGROUND_WORDS:
            return None
        return Area(IGNORED, is_ignored=True) if name.lower() in IGNORED_WORDS else Area(name)
