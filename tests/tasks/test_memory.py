"""Memory: what is needed is known before, too little is told with what would fit, and may be gone on from."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from libs.common.contracts.packages import ImageInput
from libs.tasks import memory, registry
from libs.tasks.config import TrainingConfig
from libs.tasks.conformance import Heard, toy_request
from libs.tasks.memory import Need, NotEnoughMemory, Outlook, OutOfMemory, need_of
from libs.tasks.request import TrainRequest
from libs.tasks.training import train

SPEC = ImageInput(height=32, width=32, mean=(0, 0, 0), std=(1, 1, 1))
MB = 10**6


@contextmanager
def limited_to(more_bytes: int) -> Iterator[None]:
    """This process may take so much more memory than it has; beyond that, allocations really fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (memory.own_bytes() + more_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class SmallDevice:
    """Raises as a GPU does that has room for so many samples, from a step of the training on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, num_samples: int, after_steps: int = 0) -> None:
        self._num_samples, self._left = num_samples, after_steps
        runtime = type(registry.task("classification").load_runtime())
        self._loss = runtime.loss
        monkeypatch.setattr(runtime, "loss", lambda *given: self._limited(*given))

    def _limited(self, task: object, outputs: Tensor, targets: Tensor, card: object) -> Tensor:
        if torch.is_grad_enabled():
            self._left -= 1
            if self._left < 0 and len(outputs) > self._num_samples:
                raise torch.OutOfMemoryError("CUDA out of memory")
        return self._loss(task, outputs, targets, card)  # type: ignore[arg-type]


@pytest.fixture
def request_(tmp_path: Path) -> TrainRequest:
    return toy_request(registry.task("classification"), tmp_path, epochs=3)


def with_(request: TrainRequest, **knobs: object) -> TrainRequest:
    return request.model_copy(update={"config": {**request.config, **knobs}})


def test_what_a_network_needs_is_counted():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 32 * 32, 10)
    )
    weights = sum(each.nbytes for each in network.parameters())
    need = need_of(network, SPEC, TrainingConfig(optimiser="adamw"), is_mixed=False)
    assert need.fixed == 4 * weights
    image, feature = 3 * 32 * 32 * 4, 8 * 32 * 32 * 4
    assert need.per_sample == pytest.approx((image + feature) * memory.BACKWARD + image * 3.25, rel=0.01)
    averaged = TrainingConfig(optimiser="sgd", momentum=0.0, ema_decay=0.9)
    assert need_of(network, SPEC, averaged, is_mixed=True).fixed == 3 * weights


def test_the_look_ahead_leaves_the_network_as_it_is():
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    need_of(network, SPEC, TrainingConfig(), is_mixed=False)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_advice_fits_what_is_free():
    outlook = Outlook(Need(fixed=200 * MB, per_sample=10 * MB), free=1000 * MB)
    assert outlook.advice(512) == "try a batch size of 64"
    assert outlook.advice(16) == "try a batch size of 12"
    assert "not even one" in Outlook(Need(200 * MB, 10 * MB), free=150 * MB).advice(4)
    outlook.check(120)
    with pytest.raises(
        NotEnoughMemory, match=r"512 needs about 5\.3 GB.* 1\.0 GB are free; try a batch size of 64"
    ):
        outlook.check(512)


def test_a_batch_that_cannot_fit_is_refused_before_the_first_step(request_: TrainRequest):
    heard = Heard()
    with limited_to(500 * MB), pytest.raises(NotEnoughMemory, match=r"try a batch size of [24]"):
        train(with_(request_, image_size=512, batch_size=24), heard)
    assert heard.points == []


def test_an_allocation_that_fails_is_told_in_words(request_: TrainRequest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "CLEARLY", 1000)
    with limited_to(500 * MB), pytest.raises(OutOfMemory, match="cpu ran out of memory; try a batch size of"):
        train(with_(request_, image_size=512, batch_size=24), Heard())


def test_a_device_that_is_too_small_ends_the_run_with_advice(
    request_: TrainRequest, monkeypatch: pytest.MonkeyPatch
):
    SmallDevice(monkeypatch, num_samples=4)
    with pytest.raises(OutOfMemory, match="ran out of memory; try a batch size of 6"):
        train(request_, Heard())


def test_a_run_may_go_on_with_smaller_batches_from_its_last_checkpoint(
    request_: TrainRequest, monkeypatch: pytest.MonkeyPatch
):
    whole, heard = Heard(), Heard()
    expected = train(request_.model_copy(update={"directory": request_.directory / "whole"}), whole)
    SmallDevice(monkeypatch, num_samples=2, after_steps=4)
    result = train(with_(request_, on_out_of_memory="shrink"), heard)
    assert (result.batch_size, result.accumulate_batches) == (2, 4)
    assert (result.num_epochs, result.num_steps) == (expected.num_epochs, expected.num_steps)
    assert [line for line in heard.lines if "Going on with" in line] == [
        "cpu ran out of memory; try a batch size of 6. Going on with batches of 4, 2 of them to a step",
        "cpu ran out of memory; try a batch size of 3. Going on with batches of 2, 4 of them to a step",
    ]
    assert [each.epoch for each in heard.checkpoints] == [0, 1, 2]
    assert {(step, key) for step, key, _ in heard.points} == {(step, key) for step, key, _ in whole.points}
