"""The demo's configuration learns real handwritten digits; the README of the task quotes these numbers."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from libs.client.demo import TASK
from libs.client.digits import HeldOut, write_digits
from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.exports import Precision
from libs.common.contracts.predictions import ClassPrediction
from libs.common.staging import LocalData
from libs.tasks import registry
from libs.tasks.conformance import Heard, write_toy_data
from libs.tasks.exporters import catalogue
from libs.tasks.exporting import export_onnx
from libs.tasks.parity import Wanted, check_parity
from libs.tasks.predicting import evaluate, load_model, run_chunk
from libs.tasks.runtime import ToyData
from libs.tasks.training import TrainRequest, train

EIGHTY_TEN_TEN = (*["train"] * 8, "val", "test")
ENOUGH = 0.97


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("digits")


@pytest.fixture(scope="module")
def held_out(folder: Path) -> Sequence[HeldOut]:
    return write_digits(folder / "digits.zip")


@pytest.fixture(scope="module")
def data(folder: Path, held_out: Sequence[HeldOut]) -> LocalData:
    with zipfile.ZipFile(folder / "digits.zip") as archive:
        # By row, as they were written by many hands: a subset then has all classes.
        names = sorted(archive.namelist(), key=lambda name: Path(name).name)
        images = tuple(archive.read(name) for name in names)
    labels = [Path(name).parent.name for name in names]
    annotations = tuple((LabelAnnotation(label=label),) for label in labels)
    digits = ToyData(images, annotations, tuple(sorted(set(labels))), {})
    return write_toy_data(digits, folder / "data", EIGHTY_TEN_TEN)


@pytest.fixture(scope="module")
def package(folder: Path, data: LocalData) -> Path:
    """The best epoch, as a run announces it."""
    manifest, heard = registry.task(TASK), Heard()
    preset = next(preset for preset in manifest.presets if preset.id == "fast")
    request = TrainRequest(
        task=TASK,
        config=manifest.config_model.model_validate(preset.config).model_dump(mode="json"),
        classes=tuple("0123456789"),
        data=data,
        directory=folder / "run",
    )
    train(request, heard)
    return next(each.package for each in reversed(heard.checkpoints) if each.is_best)


def test_the_test_subset_is_recognised(package: Path, data: LocalData):
    report = evaluate(package, data, ("test",), None, "cpu", lambda *_: None, lambda _: None)
    assert report.num_samples == 173
    assert report.metrics["accuracy"] >= ENOUGH
    assert report.metrics["f1_macro"] >= ENOUGH


def test_digits_no_run_has_seen_are_recognised(package: Path, held_out: Sequence[HeldOut]):
    loaded = load_model(package)
    images = [loaded.codec.encode(digit.png) for digit in held_out]
    answers = loaded.codec.decode(run_chunk(loaded, images), loaded.card)
    pairs = zip(answers, held_out, strict=True)
    right = sum(isinstance(each, ClassPrediction) and each.label == digit.label for each, digit in pairs)
    assert right / len(held_out) >= 0.95


def test_the_exported_file_answers_the_same(package: Path, data: LocalData, folder: Path):
    export_onnx(package, folder / "digits.onnx", {})
    onnx = catalogue.find("onnx", Precision.FP32)
    wanted = Wanted(data, "test")
    parity = check_parity(load_model(package), onnx, folder / "digits.onnx", wanted, lambda *_: None)
    assert parity.passed
    assert parity.max_abs_difference < 1e-4
    assert parity.metric_exported >= ENOUGH
