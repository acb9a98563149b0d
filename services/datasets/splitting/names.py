"""Names of samples, in full or with `*` and `?`."""

import fnmatch
import re
from collections.abc import Callable

Fits = Callable[[str], object]


def is_pattern(text: str) -> bool:
    return "*" in text or "?" in text


def fitting(text: str) -> Fits:
    """What a name has to be; compiled once, and no pattern takes long for any name."""
    if not is_pattern(text):
        return text.__eq__
    # A bracket is a bracket: only the two mean something.
    return re.compile(fnmatch.translate(text.replace("[", "[[]"))).match
