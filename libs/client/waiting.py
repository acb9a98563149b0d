"""Waiting for work that ends elsewhere."""

import time
from collections.abc import Callable
from typing import TypeVar

from libs.common.errors import TimedOut

Thing = TypeVar("Thing")
ENDED = ("completed", "failed", "cancelled")
POLL_SECONDS = 0.2


def until(
    read: Callable[[], Thing | None], ended: Callable[[Thing], bool], timeout_seconds: float, what: str
) -> Thing:
    """What is not there yet (None) is waited for too."""
    deadline = time.monotonic() + timeout_seconds
    while (thing := read()) is None or not ended(thing):
        if time.monotonic() > deadline:
            raise TimedOut(f"{what} did not end in time" if thing else f"{what} did not begin in time")
        time.sleep(POLL_SECONDS)
    return thing
