"""How long a token is good for, as its row says it."""

from datetime import timedelta

import pytest
from ui.token_rows import time_left


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=30) - timedelta(minutes=1), "30 days"),
        (timedelta(days=1) - timedelta(minutes=90), "23 hours"),
        (timedelta(days=1) - timedelta(seconds=1), "1 day"),
        (timedelta(minutes=5), "1 hour"),
    ],
)
def test_the_last_day_is_counted_by_the_hour(left: timedelta, words: str):
    assert time_left(left) == words
