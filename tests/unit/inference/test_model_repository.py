"""The folder that Triton reads: what is written is whole, what is not ours is left alone."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from libs.common.contracts.deployments import ServingSettings
from libs.common.contracts.exports import ModelFile
from libs.tasks.codec import IMAGES, ServingSignature, TensorSpec
from services.inference.errors import FileIsCorrupt, RepositoryIsNotWritable
from services.inference.model_repository import ModelRepository
from services.inference.settings import Settings, TritonSettings

SIGNATURE = ServingSignature((IMAGES,), (TensorSpec("scores", "float32", (2,)),))
WARM_UP = {"images": np.zeros((1, 8, 6, 3), np.uint8)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def models(folder: Path) -> ModelRepository:
    return ModelRepository(Settings(triton=TritonSettings(repository=folder, backend="python")))


def file_of(content: bytes) -> ModelFile:
    return ModelFile(
        key="exports/a.onnx", size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )


def test_a_version_is_there_whole_or_not_at_all(models: ModelRepository, folder: Path) -> None:
    assert not models.has("digits", 1, file_of(b"graph"))

    models.write_version("digits", 1, b"graph", file_of(b"graph"))

    assert models.has("digits", 1, file_of(b"graph"))
    (folder / "digits/1/model.onnx").write_bytes(b"gra")
    assert not models.has("digits", 1, file_of(b"graph"))


def test_changed_bytes_never_reach_the_folder(models: ModelRepository, folder: Path) -> None:
    with pytest.raises(FileIsCorrupt):
        models.write_version("digits", 1, b"other", file_of(b"graph"))

    assert not folder.exists()


def test_the_configuration_names_exactly_the_wished_revisions(models: ModelRepository, folder: Path) -> None:
    for revision in (9, 10):
        models.write_version("digits", revision, b"graph", file_of(b"graph"))

    models.write_config("digits", {10, 9}, SIGNATURE, WARM_UP, ServingSettings())

    lines = (folder / "digits/config.pbtxt").read_text().splitlines()
    assert 'name: "digits"' in lines
    assert "version_policy: { specific: { versions: [9, 10] } }" in lines
    assert 'output [ { name: "scores" data_type: TYPE_FP32 dims: [ 2 ] } ]' in lines
    assert "dims: [ 8, 6, 3 ] zero_data: true" in lines[-1]
    assert (folder / "digits/10/model.py").is_file()


def test_settings_take_the_place_of_the_installations(models: ModelRepository, folder: Path) -> None:
    models.write_version("digits", 1, b"graph", file_of(b"graph"))
    settings = ServingSettings(num_instances=3, max_batch_size=8, queue_delay_microseconds=0)

    models.write_config("digits", {1}, SIGNATURE, WARM_UP, settings)

    lines = (folder / "digits/config.pbtxt").read_text().splitlines()
    assert "max_batch_size: 8" in lines
    assert "dynamic_batching { max_queue_delay_microseconds: 0 }" in lines
    assert "instance_group [ { kind: KIND_CPU count: 3 } ]" in lines


def test_in_tritons_own_image_instances_are_where_the_devices_are(folder: Path) -> None:
    triton = TritonSettings(repository=folder, backend="onnxruntime")
    models = ModelRepository(Settings(triton=triton, max_queue_delay_microseconds=100))
    models.write_version("digits", 1, b"graph", file_of(b"graph"))

    models.write_config("digits", {1}, SIGNATURE, WARM_UP, ServingSettings(num_instances=2))

    lines = (folder / "digits/config.pbtxt").read_text().splitlines()
    assert 'backend: "onnxruntime"' in lines
    assert "instance_group [ { kind: KIND_AUTO count: 2 } ]" in lines
    assert "dynamic_batching { max_queue_delay_microseconds: 100 }" in lines
    assert not (folder / "digits/1/model.py").exists()


def test_versions_that_are_not_kept_go(models: ModelRepository, folder: Path) -> None:
    for revision in (1, 2):
        models.write_version("digits", revision, b"graph", file_of(b"graph"))

    models.forget_other_versions("digits", {2})

    assert [path.name for path in sorted((folder / "digits").iterdir()) if path.is_dir()] == ["2"]


def test_what_somebody_else_put_there_is_not_ours(models: ModelRepository, folder: Path) -> None:
    (folder / "foreign/1").mkdir(parents=True)
    models.write_version("digits", 1, b"graph", file_of(b"graph"))

    assert models.names() == {"digits"}


def test_a_folder_that_cannot_be_written_is_told(models: ModelRepository, folder: Path) -> None:
    folder.write_text("a file where the folder should be")

    with pytest.raises(RepositoryIsNotWritable, match="Not a directory"):
        models.write_version("digits", 1, b"graph", file_of(b"graph"))
