"""Files of every format that can be made here: any batch, any size, their origin inside."""

import json
import re
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from libs.common.contracts.exports import Precision
from libs.common.contracts.packages import ModelCard
from libs.common.staging import LocalData
from libs.tasks.conformance import write_toy_data
from libs.tasks.exporters import catalogue
from libs.tasks.exporters.catalogue import FormatIsUnavailable
from libs.tasks.exporters.graphs import write_onnx
from libs.tasks.exporters.torchscript import ABOUT
from libs.tasks.exporting import NothingToCalibrate, Workshop, calibration_samples
from libs.tasks.predicting import LoadedModel, load_model, run_by_size, run_chunk
from tests.tasks.test_exporting import MANIFEST, SIZES, images_of, package_of

FileOf = Callable[[str, Precision], Path]
MADE = [(each.format, each.precision) for each in catalogue.options() if each.reason is None]
# INT8 rounds what it multiplies; the others what they add.
APART = {Precision.FP32: 1e-5, Precision.FP16: 5e-3, Precision.INT8: 0.15}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


@pytest.fixture(scope="module")
def data(folder: Path) -> LocalData:
    return write_toy_data(MANIFEST.load_runtime().toy_data(0, 48), folder / "data")


@pytest.fixture(scope="module")
def loaded(folder: Path) -> LoadedModel:
    return load_model(package_of("simple_cnn", folder))


@pytest.fixture(scope="module")
def file_of(folder: Path, loaded: LoadedModel, data: LocalData) -> FileOf:
    """Made when it is first asked for."""
    workshop = Workshop(loaded, folder, {"modelyard.run": "17"}, data)
    return cache(lambda format, precision: workshop.make(catalogue.exporters()[format], precision))


def test_the_formats_of_this_installation_are_told_with_what_is_missing_for_others():
    assert {format for format, _ in MADE} == {"onnx", "openvino", "torch_export", "torchscript"}
    told = {each.format: each.reason for each in catalogue.options()}
    assert "NVIDIA GPU" in (told["tensorrt"] or "")
    assert [each.format for each in catalogue.options() if each.is_served] == ["onnx"] * 3


@pytest.mark.parametrize(("format", "precision"), MADE)
def test_a_file_answers_images_of_any_size_as_its_model_does(
    format: str, precision: Precision, file_of: FileOf, loaded: LoadedModel
):
    images = images_of(*SIZES)
    opened = catalogue.exporters()[format].open(file_of(format, precision), loaded, "cpu")
    before = run_chunk(loaded, images)["scores"]
    after = run_by_size(loaded, images, opened.run)["scores"]
    assert np.abs(before - after).max() < APART[precision]
    assert re.search(r" \d+\.\d+", opened.runtime)


@pytest.mark.parametrize(("format", "precision"), MADE)
def test_a_file_says_where_it_comes_from(
    format: str, precision: Precision, file_of: FileOf, loaded: LoadedModel
):
    about = READ[format](file_of(format, precision))
    assert about["modelyard.run"] == "17"
    assert ModelCard.model_validate_json(about["model_card"]) == loaded.card


def _of_onnx(path: Path) -> dict[str, str]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.get_modelmeta().custom_metadata_map


def _of_torchscript(path: Path) -> dict[str, str]:
    found = {ABOUT: ""}
    with pytest.warns(FutureWarning):
        torch.jit.load(path, _extra_files=found)
    return json.loads(found[ABOUT])


def _of_torch_export(path: Path) -> dict[str, str]:
    found = {ABOUT: ""}
    torch.export.load(path, extra_files=found)
    return json.loads(found[ABOUT])


def _of_openvino(path: Path) -> dict[str, str]:
    from xml.etree import ElementTree

    with zipfile.ZipFile(path) as archive:
        assert [each.compress_type for each in archive.infolist()] == [zipfile.ZIP_STORED] * 2
        described = ElementTree.fromstring(archive.read("model.xml")).find("rt_info/modelyard")
    assert described is not None
    return {each.tag: each.attrib["value"] for each in described}


READ = {
    "onnx": _of_onnx,
    "openvino": _of_openvino,
    "torch_export": _of_torch_export,
    "torchscript": _of_torchscript,
}


def test_lower_precision_makes_a_smaller_file(file_of: FileOf):
    whole, half, eight = (file_of("onnx", each).stat().st_size for each in Precision)
    assert half < 0.6 * whole
    assert eight < 0.4 * whole


def test_calibration_takes_the_same_training_samples_each_time(
    monkeypatch: pytest.MonkeyPatch, loaded: LoadedModel, data: LocalData
):
    monkeypatch.setattr("libs.tasks.exporting.NUM_CALIBRATION", 5)
    first, second = (list(calibration_samples(loaded, data)) for _ in range(2))
    assert len(first) == 5
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_eight_bits_need_training_samples(loaded: LoadedModel, folder: Path):
    toy = MANIFEST.load_runtime().toy_data(0, 4)
    without = write_toy_data(toy, folder / "without", ("test",))
    with pytest.raises(NothingToCalibrate):
        next(calibration_samples(loaded, without))


@pytest.mark.parametrize(
    ("format", "precision", "field", "words"),
    [
        ("coreml", Precision.FP32, "format", "choose one of onnx"),
        ("torchscript", Precision.INT8, "precision", "TorchScript is made in fp32"),
        ("tensorrt", Precision.FP32, "format", "NVIDIA GPU"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(format: str, precision: Precision, field: str, words: str):
    with pytest.raises(FormatIsUnavailable, match=words) as refused:
        catalogue.find(format, precision)
    assert [problem.field for problem in refused.value.errors] == [field]


def test_a_graph_for_tensorrt_takes_the_networks_own_size_and_resizes_nothing(
    loaded: LoadedModel, folder: Path
):
    path = folder / "own.onnx"
    write_onnx(loaded, path, Precision.FP16, has_own_size=True)
    graph = onnx.load(path).graph
    assert [each.dim_value for each in graph.input[0].type.tensor_type.shape.dim][1:] == [48, 48, 3]
    assert not [node for node in graph.node if node.op_type == "Resize"]
    images = images_of((48, 48), (48, 48))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (after,) = session.run(["scores"], {"images": np.stack(images)})
    assert np.abs(run_chunk(loaded, images)["scores"] - after).max() < APART[Precision.FP16]


def test_openvino_tells_its_makers_nothing(file_of: FileOf, loaded: LoadedModel):
    catalogue.exporters()["openvino"].open(file_of("openvino", Precision.FP32), loaded, "cpu")
    assert sys.modules["openvino_telemetry"] is None


def test_a_package_brings_a_format_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    about = tmp_path / "coreml-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: coreml\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[modelyard.exporters]\ncoreml = theirs_of_coreml:EXPORTER\n")
    (tmp_path / "theirs_of_coreml.py").write_text(
        "from dataclasses import replace\n"
        "from libs.tasks.exporters.torchscript import EXPORTER as OURS\n"
        "EXPORTER = replace(OURS, id='coreml', title='Core ML', suffix='mlpackage.zip')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    catalogue.exporters.cache_clear()
    try:
        assert catalogue.find("coreml", Precision.FP32).title == "Core ML"
    finally:
        catalogue.exporters.cache_clear()
