"""Optimisers and schedules: what learns how fast, at every step."""

import pytest
import torch
from torch import nn

from libs.tasks.config import TrainingConfig
from libs.tasks.optimisation import optimiser_of, plateau_of, schedule_of
from libs.tasks.parameters import ParameterGroup, grouped

NUM_STEPS, STEPS_PER_EPOCH = 100, 10


@pytest.fixture
def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2))


def rates(**knobs: object) -> list[float]:
    """The learning rate of each step of a run."""
    config = TrainingConfig.model_validate({"epochs": 10, "learning_rate": 1.0, "optimiser": "sgd", **knobs})
    optimiser = optimiser_of(config, [ParameterGroup((nn.Parameter(torch.zeros(2, 2)),))])
    schedule = schedule_of(config, optimiser, NUM_STEPS, STEPS_PER_EPOCH)
    found = []
    for _ in range(NUM_STEPS):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if schedule is not None:
            schedule.step()
    return found


def test_norms_and_biases_are_not_pulled_to_zero(network: nn.Module):
    network(torch.zeros(1, 3, 4, 4))
    decayed, others = grouped(network.parameters())
    assert [each.ndim for each in decayed.parameters] == [4, 2]
    assert len(others.parameters) == 4
    optimiser = optimiser_of(TrainingConfig(weight_decay=0.1), (decayed, others))
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.1, 0.0]


def test_what_is_frozen_is_in_no_group(network: nn.Module):
    network(torch.zeros(1, 3, 4, 4))
    network[0].requires_grad_(False)
    assert sum(len(group.parameters) for group in grouped(network.parameters())) == 4


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw", "rmsprop"])
def test_every_optimiser_goes_downhill(optimiser: str):
    place = nn.Parameter(torch.full((2, 2), 3.0))
    config = TrainingConfig.model_validate({"optimiser": optimiser, "learning_rate": 0.05})
    steps = optimiser_of(config, [ParameterGroup((place,), rate_factor=2.0)])
    assert steps.param_groups[0]["lr"] == pytest.approx(0.1)
    for _ in range(50):
        steps.zero_grad()
        place.square().sum().backward()
        steps.step()
    assert place.abs().max() < 0.5


def test_without_a_schedule_the_rate_stays():
    assert set(rates(schedule="none")) == {1.0}


def test_steps_fall_after_so_many_epochs():
    found = rates(schedule="step", step_every_epochs=4, schedule_factor=0.5)
    assert found == [1.0] * 40 + [0.5] * 40 + [0.25] * 20


def test_a_cosine_warms_up_and_ends_near_nothing():
    found = rates(schedule="cosine", warm_up_share=0.2)
    assert found[:20] == sorted(found[:20])
    assert 0 < found[0] < 0.1
    assert found.index(max(found)) == 20
    assert found[20:] == sorted(found[20:], reverse=True)
    assert 0 < found[-1] < 0.01


def test_one_cycle_is_that_of_torch():
    found = rates(schedule="onecycle", warm_up_share=0.3)
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=1.0, total_steps=NUM_STEPS + 1, pct_start=31 / 101, cycle_momentum=False
    )
    expected = []
    for _ in range(NUM_STEPS):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        theirs.step()
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_plateau_falls_after_epochs_without_improvement():
    config = TrainingConfig(schedule="plateau", plateau_patience=2, schedule_factor=0.5, learning_rate=1.0)
    optimiser = optimiser_of(config, [ParameterGroup((nn.Parameter(torch.zeros(2, 2)),))])
    plateau = plateau_of(config, optimiser, "max")
    assert plateau is not None
    found = []
    for accuracy in (0.5, 0.6, 0.6, 0.55, 0.7, 0.7, 0.7):
        plateau.step(accuracy)
        found.append(optimiser.param_groups[0]["lr"])
    assert found == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]


def test_gradients_that_are_clipped_are_unscaled_before_the_step():
    """A fused step would unscale them itself, after the clipping; the trainer refuses it."""
    config = TrainingConfig(gradient_clip=1.0)
    optimiser = optimiser_of(config, [ParameterGroup((nn.Parameter(torch.zeros(2, 2)),))])
    assert not optimiser.defaults["fused"]
