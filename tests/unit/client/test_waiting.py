"""Waiting outlasts what is away for a moment, and nothing else."""

import time
from collections.abc import Callable, Iterator

import pytest

from libs.client.waiting import patiently, until
from libs.common.errors import ModelyardError, NotFound, TimedOut, Unavailable


def reading(*answers: str | ModelyardError) -> Callable[[], str]:
    left: Iterator[str | ModelyardError] = iter(answers)

    def read() -> str:
        answer = next(left)
        if isinstance(answer, ModelyardError):
            raise answer
        return answer

    return read


def test_a_restart_on_the_way_is_waited_for():
    read = reading("running", Unavailable("away"), TimedOut("late"), "running", "completed")

    assert until(read, lambda state: state == "completed", 60, "the work") == "completed"


def test_what_is_not_there_is_told_at_once():
    with pytest.raises(NotFound):
        patiently(reading(NotFound("gone"), "completed"), time.monotonic() + 60)


def test_what_stays_away_is_told_in_the_end():
    with pytest.raises(Unavailable):
        patiently(reading(Unavailable("away"), "completed"), time.monotonic() - 1)
