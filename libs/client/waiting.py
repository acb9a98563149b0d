"""Waiting for work that ends elsewhere."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from libs.common.errors import ModelyardError, TimedOut


class Ending(Protocol):
    @property
    def state(self) -> str: ...


Thing = TypeVar("Thing")
Work = TypeVar("Work", bound=Ending)
ENDED = ("completed", "failed", "cancelled")
POLL_SECONDS = 0.2


def patiently(read: Callable[[], Thing], deadline: float) -> Thing:
    """What is away for a moment, as in a restart, is asked again; `deadline` is of the monotonic clock."""
    while True:
        try:
            return read()
        except ModelyardError as error:
            if not error.retryable or time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def until(
    read: Callable[[], Thing | None], ended: Callable[[Thing], bool], timeout_seconds: float, what: str
) -> Thing:
    """What is not there yet (None) is waited for too."""
    deadline = time.monotonic() + timeout_seconds
    while (thing := patiently(read, deadline)) is None or not ended(thing):
        if time.monotonic() > deadline:
            raise TimedOut(f"{what} did not end in time" if thing else f"{what} did not begin in time")
        time.sleep(POLL_SECONDS)
    return thing


def watched(
    read: Callable[[], Work], timeout_seconds: float, every_seconds: float, what: str
) -> Iterator[Work]:
    """Again and again, and once more when it has ended."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        found = patiently(read, deadline)
        yield found
        if found.state in ENDED:
            return
        if time.monotonic() > deadline:
            raise TimedOut(f"{what} is still {found.state}")
        time.sleep(every_seconds)
