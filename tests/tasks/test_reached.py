"""The best epoch, patience, averages and pace: rules without a training."""

import math

import pytest
import torch
from torch import nn

from libs.tasks.averaging import Average
from libs.tasks.pace import Pace
from libs.tasks.reached import Reached


def judged(reached: Reached, *epochs: tuple[float, float]) -> list[bool]:
    return [reached.judge(number, primary, {"loss": loss}) for number, (primary, loss) in enumerate(epochs)]


def test_among_equals_the_smaller_loss_is_best_and_then_the_earlier():
    reached = Reached("max", 0.0)
    assert judged(reached, (0.9, 0.5), (0.9, 0.4), (0.9, 0.4), (0.9, 0.6)) == [True, True, False, False]
    assert (reached.best_epoch, reached.best_metrics) == (1, {"loss": 0.4})


def test_patience_wants_more_than_the_smallest_change():
    reached = Reached("min", 0.1)
    assert judged(reached, (1.0, 1.0), (0.95, 1.0), (0.89, 1.0), (0.8, 1.0)) == [True] * 4
    assert (reached.improved_epoch, reached.num_waited) == (2, 1)


def test_what_is_not_a_number_is_never_best():
    reached = Reached("max", 0.0)
    assert judged(reached, (math.nan, 1.0), (0.1, math.nan), (math.nan, 0.1)) == [False, True, False]
    assert reached.num_waited == 1


def test_what_was_reached_survives():
    reached, other = Reached("max", 0.0), Reached("max", 0.0)
    judged(reached, (0.5, 1.0), (0.7, 0.5), (0.6, 0.4))
    other.restore(reached.state())
    assert other == reached


def test_an_average_follows_slowly_and_keeps_whole_numbers():
    network = nn.BatchNorm1d(1)
    average = Average(network, 0.9)
    with torch.no_grad():
        network.weight.fill_(2.0)
        network.running_mean.fill_(1.0)
        network.num_batches_tracked.fill_(7)
    average.follow(network, 1000)
    assert float(average.network.weight) == pytest.approx(1.1)
    assert float(average.network.running_mean) == pytest.approx(0.1)
    assert int(average.network.num_batches_tracked) == 7
    assert not any(each.requires_grad for each in average.parameters())


def test_an_average_forgets_the_start():
    network = nn.Linear(1, 1)
    average = Average(network, 0.999)
    with torch.no_grad():
        network.weight.fill_(5.0)
    for step in range(1, 30):
        average.follow(network, step)
    assert float(average.network.weight) == pytest.approx(5.0, abs=0.01)


def test_the_pace_forgives_a_pause_and_follows_a_change():
    pace = Pace()
    assert pace.seconds_for(10) is None
    for _ in range(60):
        pace.moved(10, 1.0)
    assert pace.seconds_for(100) == pytest.approx(10)
    pace.moved(0, 5.0)
    assert 8 < pace.per_second < 10
    for _ in range(200):
        pace.moved(2, 1.0)
    assert pace.per_second == pytest.approx(2, rel=0.05)
