"""When a delivery is tried again."""

from datetime import timedelta

import pytest

from services.notifier.patience import Patience

PATIENCE = Patience(most_attempts=8)


def seconds(attempt: int, asked: float | None = None, chance: float | None = 1.0) -> float:
    wait = PATIENCE.wait(attempt, asked, chance)
    assert wait is not None
    return wait.total_seconds()


def test_each_wait_is_four_times_the_one_before_up_to_a_limit() -> None:
    assert [seconds(attempt) for attempt in range(1, 8)] == [10, 40, 160, 640, 2560, 10240, 21600]


def test_all_of_them_together_outlast_a_night() -> None:
    assert sum(seconds(attempt, chance=0.0) for attempt in range(1, 8)) > timedelta(hours=4).total_seconds()
    assert sum(seconds(attempt) for attempt in range(1, 8)) > timedelta(hours=9).total_seconds()


def test_what_fell_together_does_not_come_together_again() -> None:
    waits = {seconds(3, chance=None) for _ in range(50)}

    assert len(waits) > 40
    assert all(80 <= wait <= 160 for wait in waits)


def test_a_receiver_is_not_asked_sooner_than_it_wants_but_later_where_that_is_due() -> None:
    assert seconds(1, asked=75) == 75
    assert seconds(3, asked=5) == 160


@pytest.mark.parametrize("attempt", [8, 9])
def test_the_last_try_is_followed_by_none(attempt: int) -> None:
    assert PATIENCE.wait(attempt, 1.0) is None
