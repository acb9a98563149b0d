"""A run that prints without end is bounded; one that prints like a log is kept whole."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from services.trainer.worker.lines import NUM_FREE, NUM_HELD, PER_SECOND, Lines

EVERYTHING = 10**9


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Iterator[Clock]:
    yield Clock()


def texts(lines: Lines) -> list[str]:
    return [line.text for line in lines.take(EVERYTHING)]


def test_the_first_lines_pass_as_they_come(clock: Clock) -> None:
    lines = Lines(clock)
    for number in range(NUM_FREE):
        lines.say(str(number), "info")

    assert [line.text for line in lines.take(3)] == ["0", "1", "2"]
    taken = lines.take(EVERYTHING)

    assert [(line.seq, line.text) for line in taken] == [(seq, str(seq)) for seq in range(3, NUM_FREE)]


def test_of_a_flood_the_beginning_samples_and_the_end_stay_and_what_is_missing_is_counted(
    clock: Clock,
) -> None:
    num_said, lines = 300_000, Lines(clock)
    kept: list[str] = []
    for number in range(num_said):
        lines.say(str(number), "info")
        if number % 1000 == 0:
            clock.seconds += 0.25
            kept += texts(lines)
    lines.end()
    kept += texts(lines)

    notes = [text for text in kept if text.startswith("…")]
    numbers = [int(text) for text in kept if not text.startswith("…")]
    left_out = sum(int(note.split()[1].replace(",", "")) for note in notes)
    assert numbers == sorted(set(numbers))
    assert numbers[:NUM_FREE] == list(range(NUM_FREE))
    assert numbers[-NUM_HELD:] == list(range(num_said - NUM_HELD, num_said))
    assert left_out + len(numbers) == num_said
    assert len(numbers) < NUM_FREE + 2 * NUM_HELD + clock.seconds * PER_SECOND


def test_a_long_run_that_says_little_at_a_time_loses_nothing(clock: Clock) -> None:
    lines = Lines(clock)
    for number in range(NUM_FREE):
        lines.say(str(number), "info")
    texts(lines)

    later: list[str] = []
    for number in range(1000):
        lines.say(f"later {number}", "info")
        clock.seconds += 0.5
        later += texts(lines)

    assert later == [f"later {number}" for number in range(1000)]
