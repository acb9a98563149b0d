"""Rules of the trainer room that need no server."""

import math

import pytest

from libs.common.jobs.needs import needs_of
from services.trainer.run import finite
from services.trainer.service.best import is_smaller_better
from services.trainer.service.new_runs import slug
from services.trainer.worker.settings import Settings


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
    offered = set(Settings(device=device).capabilities)

    wanted = ("auto", "cpu", "gpu", "cuda", "cuda:0", "cuda:1")
    assert [each for each in wanted if set(needs_of(each)) <= offered] == fits


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
