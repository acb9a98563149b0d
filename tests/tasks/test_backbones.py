"""The catalogue of networks: what it says is true of what is built; weights come, or words why not."""

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models

from libs.tasks.backbones import catalogue, listing
from libs.tasks.backbones.builder import WeightsAreBroken, WeightsAreUnreachable
from libs.tasks.backbones.catalogue import Backbone, builder_of
from libs.tasks.backbones.lists import timm_list, torchvision_list
from libs.tasks.backbones.timm_builder import TimmBuilder
from libs.tasks.backbones.transferring import body_and_head, head_of, hold, last_layer, stages_of
from libs.tasks.classification.architectures import RECOMMENDED
from libs.tasks.manifest import ConfigIsInvalid
from libs.tasks.plug_ins import DuplicatePlugIn

NUM_CLASSES = 5
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Small networks lose more by meeting at barriers than threads gain them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def built(key: str, image_size: int) -> nn.Module:
    backbone = catalogue.find(key)
    torch.manual_seed(0)
    return builder_of(backbone).build(backbone.name, NUM_CLASSES, image_size)


def num_parameters(network: nn.Module) -> int:
    return sum(each.numel() for each in network.parameters())


def test_the_lists_are_those_of_what_is_installed():
    assert set(torchvision_list()) == set(listing.torchvision_names())
    assert {name: list(tags) for name, tags in timm_list().items()} == listing.timm_tags()


@pytest.mark.parametrize("name", ["convnext_tiny", "vit_b_32", "squeezenet1_1"])
def test_the_facts_are_found_again(name: str):
    assert torchvision_list()[name] == listing.torchvision_facts(name)


@pytest.mark.parametrize("key", RECOMMENDED)
def test_numbers_are_those_of_the_network(key: str):
    backbone, network = catalogue.find(key), built(key, 224)
    last = last_layer(network)
    assert isinstance(last, nn.Linear)
    assert (last.in_features, last.out_features) == (backbone.channels, NUM_CLASSES)
    assert num_parameters(network) - num_parameters(last) == backbone.num_parameters


@pytest.mark.parametrize("key", RECOMMENDED)
def test_the_smallest_image_is_enough_for_a_step(key: str):
    side = catalogue.find(key).min_image_size
    network = built(key, side)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    images, targets = torch.rand(4, 3, side, side), torch.tensor([0, 1, 2, 3])
    before = [each.clone() for each in network.parameters()]
    loss = functional.cross_entropy(network(images), targets)
    loss.backward()
    optimiser.step()
    assert math.isfinite(loss.item())
    changed = [not torch.equal(*pair) for pair in zip(before, network.parameters(), strict=True)]
    # Some begin with gradients of zero, as scales of batch norms do.
    assert sum(changed) > 0.5 * len(changed)
    assert network.eval()(images).shape == (4, NUM_CLASSES)


@pytest.mark.parametrize("key", [key for key in RECOMMENDED if key != "simple_cnn"])
def test_of_a_small_image_an_eighth_is_left(key: str):
    assert smallest_map(built(key, 64), 64) == 8


def test_of_a_large_image_a_thirty_second_is_left():
    assert smallest_map(built("mobilenet_v3_small", 96), 96) == 3


def smallest_map(network: nn.Module, side: int) -> int:
    """Of the stages' outputs, before they are pooled."""
    sides: list[int] = []
    for stage in stages_of(network):
        stage.register_forward_hook(lambda _, __, output: sides.append(output.shape[-1]))
    with torch.no_grad():
        network.eval()(torch.rand(1, 3, side, side))
    return min(sides)


@pytest.mark.parametrize("key", ["mobilenet_v3_small", "torchvision/mnasnet0_5"])
def test_batch_norms_are_warm_after_a_short_run(key: str):
    momenta = {each.momentum for each in built(key, 96).modules() if isinstance(each, nn.BatchNorm2d)}
    assert momenta == {0.1}


def test_a_network_by_its_long_name_is_the_same():
    assert catalogue.find("torchvision/resnet18") == catalogue.find("resnet18")


@pytest.mark.parametrize(
    ("key", "side"),
    [("timm/resnet10t", 40), ("timm/test_vit", 64), ("timm/test_efficientnet", 33)],
)
def test_networks_of_timm_are_built_for_any_size(key: str, side: int):
    assert built(key, side)(torch.rand(2, 3, side, side)).shape == (2, NUM_CLASSES)


def test_a_size_that_a_network_of_timm_cannot_take_is_told_by_its_knob():
    with pytest.raises(ConfigIsInvalid) as caught:
        built("timm/test_vit", 65)
    assert caught.value.errors[0].field == "config.image_size"


def test_normalisation_is_that_of_the_weights():
    vit = catalogue.find("timm/vit_tiny_patch16_224.augreg_in21k")
    assert builder_of(vit).normalisation(vit) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    resnet = catalogue.find("resnet18")
    assert builder_of(resnet).normalisation(resnet) == (catalogue.IMAGENET_MEAN, catalogue.IMAGENET_STD)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Weights as torchvision's and timm's hubs leave them, with values of our own."""
    keep_of_torchvision(tmp_path, "mobilenet_v3_small", models.MobileNet_V3_Small_Weights.DEFAULT.url)
    keep_of_torchvision(tmp_path, "resnet18", models.ResNet18_Weights.DEFAULT.url)
    return tmp_path


def keep_of_torchvision(folder: Path, name: str, url: str) -> None:
    torch.manual_seed(17)
    (folder / "torchvision").mkdir(exist_ok=True)
    state = models.get_model(name, weights=None).state_dict()
    torch.save(state, folder / "torchvision" / url.rpartition("/")[2])


@pytest.mark.parametrize("key", ["mobilenet_v3_small", "resnet18"])
def test_weights_come_from_the_cache_but_for_the_last_layer(key: str, cache: Path):
    backbone, network = catalogue.find(key), built(key, 224)
    first, last = next(network.parameters()), last_layer(network).weight
    before = first.clone(), last.clone()
    builder_of(backbone).load_weights(network, backbone.name, 224, cache)
    torch.manual_seed(17)
    kept = models.get_model(key, weights=None)
    assert not torch.equal(first, before[0])
    assert torch.equal(first, next(kept.parameters()))
    assert torch.equal(last, before[1])


def test_a_small_images_first_convolution_is_its_own(cache: Path):
    network = built("resnet18", 32)
    builder_of(catalogue.find("resnet18")).load_weights(network, "resnet18", 32, cache)
    state: dict[str, Tensor] = network.state_dict()
    assert state["conv1.weight"].shape[-1] == 3
    torch.manual_seed(17)
    kept = models.resnet18(weights=None).state_dict()
    assert torch.equal(state["layer4.1.conv2.weight"], kept["layer4.1.conv2.weight"])


def test_a_pickle_in_the_cache_is_not_run(cache: Path):
    path = cache / "torchvision" / models.ResNet18_Weights.DEFAULT.url.rpartition("/")[2]
    torch.save({"conv1.weight": Path("/"), "harm": print}, path)
    with pytest.raises(WeightsAreBroken, match="remove resnet18"):
        builder_of(catalogue.find("resnet18")).load_weights(built("resnet18", 64), "resnet18", 64, cache)


def test_weights_of_torchvision_that_nobody_answers_for_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("https_proxy", NOWHERE)
    with pytest.raises(WeightsAreUnreachable, match="choose the transfer scratch") as caught:
        builder_of(catalogue.find("resnet34")).load_weights(built("resnet34", 64), "resnet34", 64, tmp_path)
    assert not caught.value.retryable


def test_weights_of_timm_come_from_its_cache_or_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    network = built("timm/resnet10t", 64)
    with pytest.raises(WeightsAreUnreachable, match="timm/resnet10t"):
        TimmBuilder().load_weights(network, "resnet10t", 64, tmp_path)
    torch.manual_seed(17)
    kept = timm.create_model("resnet10t")
    snapshot = tmp_path / "timm" / "models--timm--resnet10t.c3_in1k"
    (snapshot / "refs").mkdir(parents=True)
    (snapshot / "refs" / "main").write_text("0" * 40)
    (snapshot / "snapshots" / ("0" * 40)).mkdir(parents=True)
    save_file(kept.state_dict(), snapshot / "snapshots" / ("0" * 40) / "model.safetensors")
    TimmBuilder().load_weights(network, "resnet10t", 64, tmp_path)
    assert torch.equal(next(network.parameters()), next(kept.parameters()))


@pytest.mark.parametrize(
    ("key", "num_stages"), [("resnet18", 6), ("efficientnet_b0", 9), ("torchvision/vit_b_32", 14)]
)
def test_stages_are_what_the_network_is_built_of(key: str, num_stages: int):
    network = built(key, 64)
    assert len(stages_of(network)) == num_stages
    assert all(head_of(network) is not stage for stage in stages_of(network))


@pytest.mark.parametrize(("num_learning", "learning"), [(0, "fc"), (1, "layer4 fc"), (99, "")])
def test_what_is_held_neither_learns_nor_counts(num_learning: int, learning: str):
    network = built("resnet18", 64)
    hold(network, num_learning)
    of = dict(network.named_children())
    names = set(learning.split()) or set(of)
    for name, part in of.items():
        assert all(each.requires_grad == (name in names) for each in part.parameters())
    counting = {
        name
        for name, part in of.items()
        for each in part.modules()
        if isinstance(each, nn.BatchNorm2d) and each.training
    }
    assert counting == names & {"bn1", "layer1", "layer2", "layer3", "layer4"}


def test_every_parameter_is_of_the_body_or_the_head():
    network = built("mobilenet_v3_small", 64)
    body, head = map(list, body_and_head(network))
    assert sum(each.numel() for each in head) == num_parameters(network.classifier)
    assert {id(each) for each in (*body, *head)} == {id(each) for each in network.parameters()}


def test_a_backbone_that_needs_a_side_of_its_own_says_which():
    vit = Backbone("a/vit", "a", "vit", "ViT", "MIT", min_image_size=32, size_step=16)
    assert vit.misfits(224) is None
    assert "at least 32" in (vit.misfits(16) or "")
    assert "multiples of 16" in (vit.misfits(230) or "")


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """A distribution with one source of backbones, as an installer would leave it."""

    def look_again() -> None:
        catalogue.sources.cache_clear()
        catalogue._featured.cache_clear()

    def write(name: str, code: str) -> None:
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[modelyard.backbones]\n{name} = {name}:SOURCE\n")
        (tmp_path / f"{name}.py").write_text(code)
        # Packages of other tests may have had the same name.
        sys.modules.pop(name, None)
        monkeypatch.syspath_prepend(tmp_path)
        look_again()

    yield write
    monkeypatch.undo()
    look_again()


def copy_of_ours(id: str) -> str:
    """Of our own source, which has one network."""
    return (
        "from dataclasses import replace\n"
        "from libs.tasks.backbones.own_source import SIMPLE_CNN, SOURCE as OURS\n"
        f"FOUND = replace(SIMPLE_CNN, key='{id}/simple_cnn', source='{id}')\n"
        f"SOURCE = replace(OURS, id='{id}', featured=(), find=lambda name: FOUND)\n"
    )


def test_a_packages_backbones_are_found_by_its_name(plug: Callable[[str, str], None]):
    plug("cracked", "raise ImportError('needs a library that is not there')")
    plug("wordy", "SOURCE = 'networks, really'")
    plug("present", copy_of_ours("present"))
    assert set(catalogue.sources()) == {"modelyard", "present", "timm", "torchvision"}
    found = catalogue.find("present/simple_cnn")
    assert builder_of(found).build(found.name, 2, 32)(torch.rand(2, 3, 32, 32)).shape == (2, 2)


def test_two_packages_of_one_source_are_an_error(plug: Callable[[str, str], None]):
    plug("rival", copy_of_ours("timm"))
    with pytest.raises(DuplicatePlugIn, match="timm"):
        catalogue.sources()
