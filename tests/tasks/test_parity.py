"""The certificate of an export: what passes it, and what never does."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from libs.common.contracts.exports import Precision
from libs.common.contracts.reports import ParityReport
from libs.common.staging import LocalData
from libs.tasks.conformance import write_toy_data
from libs.tasks.exporters.exporter import Exporter, Making, Opened
from libs.tasks.parity import NothingToCompare, Wanted, check_parity
from libs.tasks.predicting import LoadedModel, load_model
from tests.tasks.test_exporting import MANIFEST, package_of

Bent = Callable[[np.ndarray], np.ndarray]
Check = Callable[..., ParityReport]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(package_of("simple_cnn", tmp_path_factory.mktemp("parity")))


@pytest.fixture(scope="module")
def data(loaded: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> LocalData:
    """Of the toy's images, called as the model calls them."""
    toy = replace(MANIFEST.load_runtime().toy_data(0, 16))
    names = dict(zip(toy.classes, loaded.card.classes, strict=False))
    annotations = tuple(
        tuple(each.model_copy(update={"label": names[each.label]}) for each in truth)  # type: ignore[union-attr]
        for truth in toy.annotations
    )
    return write_toy_data(replace(toy, annotations=annotations), tmp_path_factory.mktemp("data"))


@pytest.fixture
def check(loaded: LoadedModel, data: LocalData) -> Check:
    """Of a file that answers as its model does, bent."""

    def checked(bend: Bent, precision: Precision = Precision.FP32, **wishes: float) -> ParityReport:
        wanted = Wanted(data, "test", precision, **wishes)
        return check_parity(loaded, bent(bend), Path("file"), wanted, lambda *_: None)

    return checked


def bent(bend: Bent, *, has_own_size: bool = False) -> Exporter:
    def open_file(path: Path, loaded: LoadedModel, device: str) -> Opened:
        def run(pixels: np.ndarray) -> Sequence[np.ndarray]:
            with torch.inference_mode():
                (scores,) = loaded.model(torch.from_numpy(pixels))
            return [bend(scores.numpy())]

        return Opened("bent 1.0", run)

    def write(making: Making) -> None:
        raise AssertionError("the file is there")

    return Exporter(
        id="bent",
        title="Bent",
        suffix="bent",
        precisions=tuple(Precision),
        missing=lambda: None,
        write=write,
        open=open_file,
        has_own_size=has_own_size,
    )


def mirrored(scores: np.ndarray) -> np.ndarray:
    """What was the likeliest is the unlikeliest."""
    return (1 - scores) / (scores.shape[1] - 1)


def test_the_same_answers_pass_and_the_certificate_says_on_what(check: Check):
    found = check(lambda scores: scores + np.float32(1e-5))
    assert found.passed
    assert (found.num_samples, found.subset, found.runtime) == (4, "test", "bent 1.0")
    assert (found.tolerance, found.metric_tolerance) == (1e-3, 1e-3)
    assert found.max_abs_difference == pytest.approx(1e-5, rel=0.1)
    assert found.metric_exported == found.metric_pytorch


def test_answers_too_far_away_do_not_pass_though_the_metric_is_the_same(check: Check):
    found = check(lambda scores: 0.9 * scores)
    assert found.metric_exported == found.metric_pytorch
    assert not found.passed


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.FP16])
def test_a_coarser_precision_may_lie_further_away(check: Check, precision: Precision):
    found = check(lambda scores: scores + np.float32(0.01), precision)
    assert found.passed == (precision is Precision.FP16)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_never_passes(check: Check, value: float):
    def break_one(scores: np.ndarray) -> np.ndarray:
        return np.where(np.arange(scores.size).reshape(scores.shape) == 0, np.float32(value), scores)

    found = check(break_one)
    assert not found.passed
    assert ParityReport.model_validate_json(found.model_dump_json()) == found


def test_in_eight_bits_the_metric_alone_decides_and_a_gain_is_no_loss(check: Check):
    turned, straight = check(mirrored, Precision.INT8), check(lambda scores: scores, Precision.INT8)
    lost = straight.metric_pytorch - turned.metric_exported
    assert turned.tolerance is None
    assert straight.passed
    assert lost != 0
    assert turned.passed == (lost < 0)


def test_what_may_be_lost_can_be_wished(check: Check):
    assert check(mirrored, Precision.INT8, metric_tolerance=1.0).passed
    loss = check(mirrored, Precision.INT8, metric_tolerance=0.0)
    assert loss.passed == (loss.metric_exported >= loss.metric_pytorch)


def test_a_format_without_resizing_is_compared_on_images_of_the_networks_size(
    loaded: LoadedModel, data: LocalData
):
    seen: list[tuple[int, ...]] = []
    exporter = bent(lambda scores: scores, has_own_size=True)

    def watched(path: Path, loaded: LoadedModel, device: str) -> Opened:
        opened = exporter.open(path, loaded, device)
        return replace(opened, run=lambda pixels: seen.append(pixels.shape[1:]) or opened.run(pixels))

    found = check_parity(
        loaded, replace(exporter, open=watched), Path("file"), Wanted(data, "test"), lambda *_: None
    )
    assert set(seen) == {(48, 48, 3)}
    assert found.passed


def test_parity_needs_samples(loaded: LoadedModel, data: LocalData):
    with pytest.raises(NothingToCompare, match="'holdout'"):
        check_parity(
            loaded, bent(lambda scores: scores), Path("file"), Wanted(data, "holdout"), lambda *_: None
        )
