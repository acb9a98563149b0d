"""Columns of the evaluations that are looked at, kept in memory: the next page is asked for in a moment."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 512 * 2**20


@dataclass
class Shelf:
    """What was not used for longest goes first. Nothing here ever changes, so that nothing grows stale."""

    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[Hashable, tuple[Any, int]] = field(default_factory=OrderedDict)
    _size_bytes: int = 0

    def get(self, key: Hashable) -> Any:
        """None for what is not there."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def clear(self) -> None:
        self._kept.clear()
        self._size_bytes = 0

    def put(self, key: Hashable, value: Any, size_bytes: int) -> None:
        self._size_bytes += size_bytes - self._kept.pop(key, (None, 0))[1]
        self._kept[key] = (value, size_bytes)
        while self._size_bytes > self.most_bytes and len(self._kept) > 1:
            _, (_, size) = self._kept.popitem(last=False)
            self._size_bytes -= size
