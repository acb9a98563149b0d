"""When the reaper may act."""

from libs.common.jobs.reaper import LeaseClock


def ticks(clock: LeaseClock, start: int, end: int, *, is_connected: bool = True) -> list[bool]:
    return [clock.tick(float(now), is_connected=is_connected) for now in range(start, end, 5)]


def test_nobody_is_given_up_before_a_whole_lease_was_watched() -> None:
    clock = LeaseClock(60, now=0)
    assert not any(ticks(clock, 5, 60))
    assert clock.tick(60, is_connected=True)


def test_an_outage_starts_the_watch_anew() -> None:
    clock = LeaseClock(60, now=0)
    ticks(clock, 5, 61)
    assert not clock.tick(65, is_connected=False)
    assert not any(ticks(clock, 70, 125))
    assert clock.tick(125, is_connected=True)


def test_a_scheduler_that_was_paused_starts_the_watch_anew() -> None:
    clock = LeaseClock(60, now=0)
    ticks(clock, 5, 61)
    assert not clock.tick(90, is_connected=True)
    assert not any(ticks(clock, 95, 150))
