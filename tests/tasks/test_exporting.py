"""The exported file: any batch, any size, pre-processing inside, the same answers."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from libs.common.contracts.base import now
from libs.common.contracts.packages import ModelCard
from libs.tasks import registry
from libs.tasks.exporters import catalogue
from libs.tasks.exporting import export_onnx
from libs.tasks.package_files import PackageIsBroken, write_package
from libs.tasks.predicting import LoadedModel, load_model, run_by_size, run_chunk

CLASSES = ("cat", "dog", "owl")
SIZES = ((48, 48), (20, 31), (300, 200), (20, 31), (48, 48), (1, 1), (47, 49))
MANIFEST = registry.task("classification")


def package_of(architecture: str, folder: Path) -> Path:
    """It has seen noise only, which is as hard to export as knowing something."""
    task = MANIFEST.load_runtime()
    config = MANIFEST.config_model.model_validate({"architecture": architecture, "image_size": 48})
    card = ModelCard(
        task=MANIFEST.id,
        task_version=MANIFEST.version,
        architecture=architecture,
        classes=CLASSES,
        input=task.image_input(config),
        config=config.model_dump(mode="json"),
        seed=0,
        code_version="test",
        created_at=now(),
    )
    torch.manual_seed(0)
    network = task.build_network(card)
    _see_noise(network)
    write_package(folder / "package", network, card)
    return folder / "package"


def _see_noise(network: nn.Module) -> None:
    """Statistics of its own: without them a deep network says the same to everything."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # what is seen now, and nothing of the start
    with torch.no_grad():
        network.train()(torch.randn(16, 3, 48, 48))
        for layer in network.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)


def session_of(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def answers_of(format: str, path: Path, loaded: LoadedModel, images: list[np.ndarray]) -> np.ndarray:
    opened = catalogue.exporters()[format].open(path, loaded, "cpu")
    return run_by_size(loaded, images, opened.run)["scores"]


def images_of(*sizes: tuple[int, int]) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (*size, 3), np.uint8) for size in sizes]


@pytest.mark.parametrize("architecture", ["simple_cnn", "mobilenet_v3_small", "resnet18", "timm/test_vit"])
def test_every_kind_of_network_answers_the_same_from_a_file(architecture: str, tmp_path: Path):
    package = package_of(architecture, tmp_path)
    export_onnx(package, tmp_path / "model.onnx", {"run_id": "17"})
    loaded, images = load_model(package), images_of(*SIZES)
    before = run_chunk(loaded, images)["scores"]
    after = answers_of("onnx", tmp_path / "model.onnx", loaded, images)
    assert before.shape == (7, len(CLASSES))
    assert np.abs(before - after).max() < 1e-4
    assert np.ptp(before, axis=0).max() > 1e-4, "the answers depend on the images"


def test_the_file_is_whole_and_says_where_it_comes_from(tmp_path: Path):
    package = package_of("simple_cnn", tmp_path)
    card = export_onnx(package, tmp_path / "model.onnx", {"run_id": "17"})
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["model.onnx"]
    about = session_of(tmp_path / "model.onnx").get_modelmeta().custom_metadata_map
    assert about["run_id"] == "17"
    assert ModelCard.model_validate_json(about["model_card"]) == card
    assert json.loads(about["model_card"])["classes"] == list(CLASSES)


def test_pre_processing_is_in_the_graph(tmp_path: Path):
    """uint8 goes in; a client that resizes and normalises for itself is not needed, nor possible."""
    export_onnx(package_of("simple_cnn", tmp_path), tmp_path / "model.onnx", {})
    session = session_of(tmp_path / "model.onnx")
    (image,), (scores,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.type) == ("images", "tensor(uint8)")
    assert [isinstance(size, str) for size in image.shape] == [True, True, True, False]
    assert (scores.name, scores.shape[1]) == ("scores", len(CLASSES))
    resizes = [node for node in onnx.load(tmp_path / "model.onnx").graph.node if node.op_type == "Resize"]
    assert [each.i for node in resizes for each in node.attribute if each.name == "antialias"] == [1]


def test_scores_are_probabilities(tmp_path: Path):
    loaded = load_model(package_of("simple_cnn", tmp_path))
    scores = run_chunk(loaded, images_of((9, 9), (80, 70)))["scores"]
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("file", ["model.json", "model.safetensors"])
def test_a_broken_package_is_told(file: str, tmp_path: Path):
    package = package_of("simple_cnn", tmp_path)
    (package / file).write_bytes((package / file).read_bytes()[:100])
    with pytest.raises(PackageIsBroken):
        load_model(package)
