"""An ONNX file that was made without us: uploaded, checked, served, and answering like its network."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from libs.client import Modelyard
from libs.client.models import ModelImportFailed
from libs.common.contracts.models import ModelVersion
from libs.common.errors import BadInput, Conflict, NotFound
from libs.common.ids import new_id
from libs.tasks.front import Front
from tests.tasks.foreigners import CLASSES, INPUT, brightness, described, export, network, saved


@pytest.fixture(scope="module")
def project(yard: Modelyard):
    return yard.projects.create(f"Elsewhere {new_id()}", "classification")


@pytest.fixture(scope="module")
def logits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("elsewhere") / "logits.onnx", network())


@pytest.fixture(scope="module")
def shapes(yard: Modelyard, project, logits: Path) -> Iterator[ModelVersion]:
    """Deployed as `shapes-elsewhere`; its upload is gone."""
    sent = yard.uploads.send(logits)
    job = yard.models.import_file("shapes-elsewhere", project.id, sent.id, described(), note="of a friend")
    yard.uploads.delete(sent.id)
    version = yard.models.wait_for_import("shapes-elsewhere", job)
    yard.deployments.create(version.model, version.model, version=version.version)
    yield version
    yard.deployments.delete(version.model)


def noise(width: int, height: int, seed: int) -> tuple[np.ndarray, bytes]:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return pixels, buffer.getvalue()


def test_it_is_served_and_answers_like_pytorch(yard: Modelyard, shapes: ModelVersion):
    assert (shapes.origin, shapes.version, shapes.parity, shapes.run_id) == ("upload", 1, None, None)
    assert (shapes.note, shapes.card.classes) == ("of a friend", CLASSES)
    deployment = yard.deployments.wait(shapes.model)
    assert (deployment.serving_version, deployment.reason) == (1, "")

    pictures = [noise(50, 31, 1), noise(20, 24, 2), noise(7, 90, 3)]
    answer = yard.deployments.predict(shapes.model, *(png for _, png in pictures))

    for (pixels, _), prediction in zip(pictures, answer.predictions, strict=True):
        assert prediction.type == "class"
        with torch.no_grad():
            wanted = network()(Front(INPUT)(torch.from_numpy(pixels[None]))).softmax(dim=1)[0]
        found = {each.label: each.score for each in prediction.scores}
        np.testing.assert_allclose([found[name] for name in CLASSES], wanted.numpy(), atol=1e-4)


def test_what_answers_with_it_keeps_it_and_is_named(yard: Modelyard, shapes: ModelVersion):
    lineage = yard.models.lineage(shapes.model, shapes.version)
    assert {(node.kind, node.name) for node in lineage.nodes} == {
        ("model", shapes.model),
        ("deployment", shapes.model),
    }
    for delete in (
        lambda: yard.models.delete(shapes.model),
        lambda: yard.models.delete_version(shapes.model, shapes.version),
    ):
        with pytest.raises(Conflict, match=f"served by {shapes.model}") as refused:
            delete()
        assert refused.value.code == "model_served"


def test_its_file_is_downloaded_as_it_is_served(yard: Modelyard, shapes: ModelVersion, tmp_path: Path):
    file = yard.models.download(shapes.model, shapes.version, tmp_path / "again.onnx")

    assert file.stat().st_size == shapes.file.size_bytes


def test_a_file_that_does_not_fit_is_refused_in_words_and_leaves_no_model(
    yard: Modelyard, project, logits: Path
):
    name = f"refused-{new_id().hex[-8:]}"
    sent = yard.uploads.send(logits)
    job = yard.models.import_file(name, project.id, sent.id, described(classes=("one", "two")))

    with pytest.raises(ModelImportFailed, match="has 3 values per image"):
        yard.models.wait_for_import(name, job)

    with pytest.raises(NotFound):
        yard.models.get(name)


def test_what_is_said_wrongly_is_refused_at_once(yard: Modelyard, project, tmp_path: Path):
    sent = yard.uploads.send(saved(tmp_path / "pixels.onnx", brightness()))
    wrong = described(classes=("cat", "cat"), task="divination")
    with pytest.raises(BadInput) as refused:
        yard.models.import_file("wrong", project.id, sent.id, wrong)
    assert [each.field for each in refused.value.errors] == ["model.task"]
    with pytest.raises(NotFound):
        yard.models.import_file("wrong", new_id(), sent.id, described())
    with pytest.raises(NotFound):
        yard.models.import_file("wrong", project.id, new_id(), described())


def test_from_a_shell_it_is_brought_in_named_and_deleted(modelyard, yard, project, tmp_path: Path):
    name = f"shell-{new_id().hex[-8:]}"
    file = saved(tmp_path / "pixels.onnx", brightness())
    said = ("--classes", ",".join(CLASSES), "--size", "24x20")

    assert f"{name} v1" in modelyard("models", "import", name, project.id, file, *said)
    modelyard("models", "alias", name, "champion", 1)
    modelyard("models", "note", name, "by its brightness", "--version", 1)
    listed = modelyard("models", "versions", name)
    assert "champion" in listed
    assert "by its brightness" in listed
    assert "upload" in listed
    assert "champion: move or remove that" in modelyard(
        "models", "delete", name, "--version", 1, "--yes", status=1
    )
    modelyard("models", "unalias", name, "champion")
    assert "model" in modelyard("models", "lineage", name, 1)
    modelyard("models", "delete", name, "--yes")
    assert "no model named" in modelyard("models", "versions", name, status=1)
    refused = modelyard("models", "import", name, project.id, file, "--classes", "alone", status=1)
    assert "model.classes" in refused
