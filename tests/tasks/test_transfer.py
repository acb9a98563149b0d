"""Trainings that start from weights of elsewhere: what learns, what stays, and what is said without them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torchvision import models

from libs.tasks import registry
from libs.tasks.backbones.builder import WeightsAreUnreachable
from libs.tasks.classification.task import RUNTIME
from libs.tasks.conformance import Heard, toy_request
from libs.tasks.package_files import WEIGHTS
from libs.tasks.request import TrainRequest
from libs.tasks.training import train

MANIFEST = registry.task("classification")
NETWORK = {"architecture": "mobilenet_v3_small", "image_size": 32, "epochs": 1, "batch_size": 8}
HEAD, LAST_STAGE = "classifier.", "features.12."
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As torchvision's hub leaves it, with values of our own."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "torchvision").mkdir()
    torch.manual_seed(17)
    url = models.MobileNet_V3_Small_Weights.DEFAULT.url
    torch.save(models.mobilenet_v3_small(weights=None).state_dict(), folder / "torchvision" / Path(url).name)
    return folder


@pytest.fixture(scope="module")
def kept(cache: Path) -> State:
    (path,) = (cache / "torchvision").iterdir()
    return torch.load(path, weights_only=True)


def request_of(folder: Path, cache: Path, **config: object) -> TrainRequest:
    request = toy_request(MANIFEST, folder, **{**NETWORK, **config})
    return request.model_copy(update={"weights_cache": cache})


def learned(request: TrainRequest, heard: Heard | None = None) -> State:
    heard = heard or Heard()
    train(request, heard)
    return load_file(heard.checkpoints[-1].package / WEIGHTS)


def changed(before: State, after: State) -> set[str]:
    """Statistics of batch norms are among them, the number of batches they have seen, too."""
    return {name for name, value in after.items() if name in before and not torch.equal(value, before[name])}


def test_under_a_frozen_body_the_head_alone_learns(tmp_path: Path, cache: Path, kept: State):
    after = changed(kept, learned(request_of(tmp_path, cache, transfer="frozen")))
    assert after
    assert [name for name in after if not name.startswith(HEAD)] == []


def test_of_a_part_the_last_stages_learn_with_it(tmp_path: Path, cache: Path, kept: State):
    after = changed(kept, learned(request_of(tmp_path, cache, transfer="partial", unfrozen_stages=1)))
    assert [name for name in after if not name.startswith((HEAD, LAST_STAGE))] == []
    assert any(name.startswith(LAST_STAGE) and name.endswith("running_mean") for name in after)


def test_all_of_it_may_learn_the_body_more_slowly(tmp_path: Path, cache: Path, kept: State):
    slowly = learned(request_of(tmp_path / "slowly", cache, transfer="full", body_learning_rate_factor=1e-3))
    alike = learned(request_of(tmp_path / "alike", cache, transfer="full", body_learning_rate_factor=1.0))
    name = "features.0.0.weight"
    moved = [float((state[name] - kept[name]).abs().mean()) for state in (slowly, alike)]
    assert 0 < moved[0] < 0.05 * moved[1]


def test_a_training_that_goes_on_fetches_no_weights_and_keeps_the_body_frozen(
    tmp_path: Path, cache: Path, kept: State
):
    whole = request_of(tmp_path, cache, transfer="frozen", epochs=2)
    before, after = Heard(stop_after=1), Heard()
    train(whole, before)
    nowhere = {
        "weights_cache": tmp_path / "nowhere",
        "resume": before.checkpoints[-1].resume,
        "directory": tmp_path / "after",
    }
    state = learned(whole.model_copy(update=nowhere), after)
    assert [each.epoch for each in after.checkpoints] == [1]
    assert [name for name in changed(kept, state) if not name.startswith(HEAD)] == []


def test_without_weights_a_run_ends_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(WeightsAreUnreachable, match="choose the transfer scratch"):
        learned(request_of(tmp_path, tmp_path / "empty", transfer="full"))


def test_the_head_takes_the_whole_rate():
    request_ = MANIFEST.config_model.model_validate({**NETWORK, "transfer": "full"})
    network = models.mobilenet_v3_small(num_classes=2)
    groups = RUNTIME.param_groups(network, request_)
    rates = {id(each): group.rate_factor for group in groups for each in group.parameters}
    assert {rates[id(each)] for each in network.classifier.parameters()} == {1.0}
    assert {rates[id(each)] for each in network.features.parameters()} == {0.1}
    assert len(rates) == len(list(network.parameters()))
