"""Rules of the trainer room that need no server."""

import math

import pytest

from libs.common.jobs.needs import followers, needs_of, offered_by
from services.trainer.node.devices import num_devices_from
from services.trainer.run import finite
from services.trainer.service.best import is_smaller_better
from services.trainer.service.new_runs import slug


@pytest.mark.parametrize(
    ("device", "needs"),
    [
        ("auto", ()),
        ("cpu", ("cpu",)),
        ("gpu", ("gpu",)),
        ("cuda", ("gpu",)),
        ("cuda:1", ("gpu1",)),
    ],
)
def test_a_wanted_device_is_a_capability(device: str, needs: tuple[str, ...]) -> None:
    assert needs_of(device) == needs


@pytest.mark.parametrize(
    ("device", "fits"), [("cpu", ["auto", "cpu"]), ("gpu1", ["auto", "gpu", "cuda", "cuda:1"])]
)
def test_a_worker_offers_its_device_and_its_kind(device: str, fits: list[str]) -> None:
    offered = set(offered_by(device))

    wanted = ("auto", "cpu", "gpu", "cuda", "cuda:0", "cuda:1")
    assert [each for each in wanted if set(needs_of(each)) <= offered] == fits


def test_several_devices_are_wanted_of_a_worker_that_has_so_many_behind_it() -> None:
    three = set(offered_by("gpu1", 3))

    assert set(needs_of("cuda", 3)) <= three
    assert set(needs_of("auto", 2)) <= three
    assert not set(needs_of("cuda", 4)) <= three
    assert followers("a/gpu1", 3) == ("a/gpu2", "a/gpu3")
    assert followers("a/cpu", 3) == ()


@pytest.mark.parametrize(
    ("device", "shown", "number"), [("gpu0", "0,1,2", 3), ("gpu2", "0,1,2", 1), ("gpu0", "", 1)]
)
def test_a_gpu_has_those_behind_it_that_cuda_shows(device: str, shown: str, number: int) -> None:
    assert num_devices_from(device, {"CUDA_VISIBLE_DEVICES": shown}) == number


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Größe & Form", "grosse-form"),
        ("  Cats, 2nd try! ", "cats-2nd-try"),
        ("猫", "model"),
        ("x" * 80, "x" * 63),
        ("a" * 62 + " b", "a" * 62),
    ],
)
def test_a_deployment_is_named_after_the_experiment(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("key", "is_smaller"),
    [("val/accuracy", False), ("train/loss", True), ("val/box_loss", True), ("val/what", False)],
)
def test_losses_should_fall_and_what_is_unknown_should_rise(key: str, is_smaller: bool) -> None:
    assert is_smaller_better("a task nobody has", key) is is_smaller


def test_what_speaks_of_a_model_holds_onlyfinite() -> None:
    assert finite({"loss": math.inf, "accuracy": 0.5, "f1": math.nan}) == {"accuracy": 0.5}
