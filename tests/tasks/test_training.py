"""Training: the same for a seed, and after a stop as if there had been none."""

from pathlib import Path

import pytest

from libs.common.contracts.telemetry import Progress
from libs.tasks import feeding, registry, telling
from libs.tasks.conformance import Heard, toy_request
from libs.tasks.loading import SubsetIsEmpty
from libs.tasks.package_files import read_card
from libs.tasks.request import TrainRequest, TrainResult
from libs.tasks.telling import LossIsNotANumber
from libs.tasks.training import train

NUM_EPOCHS = 5


@pytest.fixture
def request_(tmp_path: Path) -> TrainRequest:
    """Shuffled, augmented and scheduled: all that a resume could get wrong."""
    return toy_request(registry.task("classification"), tmp_path, epochs=NUM_EPOCHS, schedule="onecycle")


@pytest.fixture(params=["in memory", "read by a worker"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "read by a worker":
        monkeypatch.setattr(feeding, "MEMORY_SHARE", 0)


class StopsInside(Heard):
    """Asks for a stop at step `step`, which no epoch ends with."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step
        self._is_reached = False

    def progress(self, progress: Progress) -> None:
        super().progress(progress)
        self._is_reached = max(step for step, _, _ in self.points) >= self._step

    def should_stop(self) -> bool:
        return self._is_reached


def trained(request: TrainRequest, heard: Heard, name: str, resume: Path | None = None) -> TrainResult:
    directory = request.directory / name
    return train(request.model_copy(update={"directory": directory, "resume": resume}), heard)


def test_a_seed_gives_one_result(request_: TrainRequest):
    first, again, other = Heard(), Heard(), Heard()
    assert trained(request_, first, "first") == trained(request_, again, "again")
    assert first.points == again.points
    packages = [heard.checkpoints[-1].package / "model.safetensors" for heard in (first, again)]
    assert packages[0].read_bytes() == packages[1].read_bytes()
    seeded = request_.model_copy(update={"config": {**request_.config, "seed": 1}})
    trained(seeded, other, "other")
    assert other.points != first.points


@pytest.mark.usefixtures("source")
def test_stopped_and_resumed_is_as_good_as_never_stopped(request_: TrainRequest):
    whole, before, after = Heard(), Heard(stop_after=2), Heard()
    uninterrupted = trained(request_, whole, "whole")
    stopped = trained(request_, before, "before")
    resumed = trained(request_, after, "after", before.checkpoints[-1].resume)
    assert (stopped.is_stopped, stopped.num_epochs) == (True, 2)
    assert [each.epoch for each in after.checkpoints] == [2, 3, 4]
    assert resumed == uninterrupted
    assert before.points + after.points == whole.points
    assert before.checkpoints[-1].step + 1 == after.points[0][0]


def test_a_stop_inside_an_epoch_keeps_whole_epochs_only(
    request_: TrainRequest, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(telling, "FLUSH_SECONDS", 0)
    whole, before, after = Heard(), StopsInside(step=5), Heard()
    uninterrupted = trained(request_, whole, "whole")
    stopped = trained(request_, before, "before")
    assert (stopped.is_stopped, stopped.num_epochs, len(before.checkpoints)) == (True, 1, 1)
    resumed = trained(request_, after, "after", before.checkpoints[-1].resume)
    assert [each.epoch for each in after.checkpoints] == [1, 2, 3, 4]
    assert resumed == uninterrupted
    assert after.points == [point for point in whole.points if point[0] > before.checkpoints[-1].step]


def test_a_stop_waits_for_something_to_keep(request_: TrainRequest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(telling, "FLUSH_SECONDS", 0)
    heard = StopsInside(step=1)
    result = trained(request_, heard, "run")
    assert (result.is_stopped, result.num_epochs, len(heard.checkpoints)) == (True, 1, 1)


def test_a_resume_with_nothing_left_tells_what_was_reached(request_: TrainRequest):
    """The worker died between the last checkpoint and the end of its job."""
    heard, after = Heard(), Heard()
    result = trained(request_, heard, "run")
    assert trained(request_, after, "after", heard.checkpoints[-1].resume) == result
    assert after.checkpoints == []


def test_a_package_says_how_far_it_came(request_: TrainRequest):
    heard = Heard()
    result = trained(request_, heard, "run")
    card = read_card(heard.checkpoints[-1].package)
    assert (card.epoch, card.step) == (NUM_EPOCHS - 1, result.num_steps)
    assert card.metrics == heard.checkpoints[-1].metrics
    assert heard.last_progress is not None and heard.last_progress.fraction == 1


def test_patience_ends_a_training_that_gets_no_better(request_: TrainRequest):
    patient = {**request_.config, "epochs": 50, "early_stopping_patience": 4}
    heard = Heard()
    result = trained(request_.model_copy(update={"config": patient}), heard, "run")
    accuracies = [value for _, key, value in heard.points if key == "val/accuracy"]
    best = max(accuracies)
    assert result.num_epochs == len(accuracies) == accuracies.index(best) + 1 + 4 < 50
    assert not result.is_stopped
    assert result.metrics["accuracy"] == best
    assert result.metrics == [each for each in heard.checkpoints if each.is_best][-1].metrics


def test_a_loss_that_explodes_ends_in_words(request_: TrainRequest):
    steps = {"optimiser": "sgd", "learning_rate": 10.0, "weight_decay": 1.0, "schedule": "none"}
    wild = {**request_.config, **steps, "epochs": 200}
    with pytest.raises(LossIsNotANumber, match="smaller learning rate"):
        trained(request_.model_copy(update={"config": wild}), Heard(), "run")


def test_a_subset_without_samples_is_named(request_: TrainRequest):
    with pytest.raises(SubsetIsEmpty, match="'holdout'"):
        trained(request_.model_copy(update={"val_subset": "holdout"}), Heard(), "run")
