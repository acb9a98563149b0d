"""Training: the same for a seed, and after a stop as if there had been none."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from libs.common.contracts.telemetry import Progress
from libs.tasks import feeding, registry, telling
from libs.tasks.classification.task import ClassificationRuntime
from libs.tasks.conformance import Heard, toy_request
from libs.tasks.loading import SubsetIsEmpty
from libs.tasks.package_files import read_card
from libs.tasks.request import TrainRequest, TrainResult
from libs.tasks.telling import LossIsNotANumber
from libs.tasks.training import train
from tests.tasks.plain_rank import build_plain

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


def with_(request: TrainRequest, **knobs: object) -> TrainRequest:
    return request.model_copy(update={"config": {**request.config, **knobs}})


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


def test_a_resume_forgets_nothing_that_steps_depend_on(request_: TrainRequest):
    """Groups of batches with an incomplete last one, an average of weights, a plateau, half precision."""
    request = with_(
        request_,
        accumulate_batches=2,
        batch_size=5,
        ema_decay=0.9,
        schedule="plateau",
        plateau_patience=1,
        precision="bf16",
        gradient_clip=1.0,
        optimiser="sgd",
    )
    whole, before, after = Heard(), Heard(stop_after=3), Heard()
    uninterrupted = trained(request, whole, "whole")
    trained(request, before, "before")
    assert trained(request, after, "after", before.checkpoints[-1].resume) == uninterrupted
    assert before.points + after.points == whole.points
    packages = [heard.checkpoints[-1].package / "model.safetensors" for heard in (whole, after)]
    assert packages[0].read_bytes() == packages[1].read_bytes()
    assert uninterrupted.num_steps == 2 * NUM_EPOCHS  # 24 samples are four batches of five
    assert len({value for _, key, value in whole.points if key == "train/lr"}) > 1


def test_accumulated_batches_are_one_larger_batch(request_: TrainRequest, monkeypatch: pytest.MonkeyPatch):
    """Also where an epoch's last group has fewer: 24 samples are three groups of two batches of four, or of
    four batches and two."""
    monkeypatch.setattr(ClassificationRuntime, "build_network", build_plain)
    plain = with_(
        request_, augmentation={"rotate_degrees": 0, "shift": 0, "zoom": 0}, optimiser="sgd", epochs=1
    )
    large, groups = Heard(), Heard()
    trained(with_(plain, batch_size=8), large, "large")
    trained(with_(plain, batch_size=4, accumulate_batches=2), groups, "groups")
    assert [value for _, _, value in groups.points] == pytest.approx(
        [value for _, _, value in large.points], abs=1e-4
    )
    uneven = Heard()
    result = trained(with_(plain, batch_size=4, accumulate_batches=4), uneven, "uneven")
    assert result.num_steps == 2


def test_deterministic_runs_are_identical_whoever_reads(
    request_: TrainRequest, monkeypatch: pytest.MonkeyPatch
):
    exact = with_(request_, is_deterministic=True, epochs=2)
    kept, read = Heard(), [Heard(), Heard()]
    trained(exact, kept, "kept")
    monkeypatch.setattr(feeding, "MEMORY_SHARE", 0)
    for number, heard in enumerate(read):
        trained(with_(exact, num_workers=2), heard, f"read-{number}")
    assert read[0].points == read[1].points == kept.points


def test_an_epoch_may_be_kept_by_name(request_: TrainRequest):
    heard = Heard()
    trained(with_(request_, checkpoint_every_epochs=2), heard, "run")
    assert [each.is_kept for each in heard.checkpoints] == [False, True, False, True, False]


def test_the_average_is_what_becomes_the_model(request_: TrainRequest):
    heard = Heard()
    trained(with_(request_, ema_decay=0.99, epochs=1), heard, "run")
    state = torch.load(heard.checkpoints[-1].resume, weights_only=True)["state_dict"]
    package = load_file(heard.checkpoints[-1].package / "model.safetensors")
    name = next(name for name in package if name.endswith("weight"))
    assert torch.equal(package[name], state[f"average.network.{name}"])
    assert not torch.equal(package[name], state[f"network.{name}"])


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
