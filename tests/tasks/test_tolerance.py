"""Samples that cannot be read: named, left out or fatal, and never too many."""

import pytest

from libs.tasks.tolerance import SampleIsBad, Tolerance, TooManySamplesAreBad, Unusable

BROKEN = Unusable("cat.png", "a broken image")


def test_the_first_is_fatal_unless_some_may_be_left_out():
    with pytest.raises(SampleIsBad, match=r"cat\.png: a broken image"):
        Tolerance("fail", 1.0, 10, print).meet([BROKEN])


def test_what_is_left_out_is_counted_and_told_once():
    told: list[str] = []
    tolerance = Tolerance("skip", 0.2, 10, told.append)
    tolerance.meet([BROKEN])
    tolerance.meet([BROKEN, Unusable("dog.png", "no pixels")])
    assert tolerance.names == ("cat.png", "dog.png")
    assert told == [
        "left out (1 of at most 2): cat.png: a broken image",
        "left out (2 of at most 2): dog.png: no pixels",
    ]


def test_too_many_end_the_run_with_some_of_their_names():
    tolerance = Tolerance("skip", 0.1, 10, lambda _: None)
    with pytest.raises(TooManySamplesAreBad, match=r"2 of 10 .* 1 may be left out; among them cat.png, 7"):
        tolerance.meet([BROKEN, *(Unusable(str(number), "too short") for number in range(7, 9))])
