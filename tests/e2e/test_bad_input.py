"""What a user can get wrong, from the outside: a clear refusal or a named failure, nothing half-written."""

import io
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from libs.client import Modelyard
from libs.client.datasets import DatasetFailed
from libs.common.contracts.datasets import DatasetStatus
from libs.common.contracts.projects import Project
from libs.common.errors import BadInput, ModelyardError


@pytest.fixture(scope="module")
def project(yard: Modelyard) -> Project:
    return yard.projects.create("Bad input", "classification")


def png(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return path


def import_of(yard: Modelyard, project: Project, path: Path) -> UUID:
    upload = yard.uploads.send(path)
    return yard.datasets.create(project.id, path.stem, upload.id).id


@pytest.mark.parametrize(
    ("name", "files", "code"),
    [
        ("zip-slip", {"a/1.png": png(1), "../../outside.png": png(2)}, "path_escapes_archive"),
        ("no-images", {"a/1.png": b"hello"}, "dataset_empty"),
        ("empty-class", {"cats/1.png": png(1), "dogs/": b""}, "class_empty"),
        ("broken-class", {"cats/1.png": png(1), "dogs/1.png": b"no image"}, "class_empty"),
    ],
)
def test_an_archive_that_cannot_be_right_fails_by_name(yard, project, tmp_path, name, files, code):
    dataset_id = import_of(yard, project, archive(tmp_path / f"{name}.zip", files))
    with pytest.raises(DatasetFailed, match=code):
        yard.datasets.wait(dataset_id, timeout_seconds=60)
    dataset = yard.datasets.get(dataset_id)
    assert dataset.status is DatasetStatus.FAILED
    assert dataset.version == dataset.num_samples == 0
    assert not yard.samples.page(dataset_id).items


def test_a_cut_off_archive_fails_by_name(yard, project, tmp_path):
    whole = archive(tmp_path / "whole.zip", {f"a/{shade}.png": png(shade) for shade in range(20)})
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(DatasetFailed, match="archive_corrupt"):
        yard.datasets.wait(import_of(yard, project, cut), timeout_seconds=60)


def test_what_is_no_image_is_reported_and_the_rest_is_kept(yard, project, tmp_path):
    files = {
        f"{label}/{shade}.png": png(shade + offset)
        for label, offset in (("a", 0), ("b", 100))
        for shade in range(5)
    }
    path = archive(tmp_path / "mixed.zip", {**files, "a/notes.txt": b"hello", "b/copy.png": png(100)})
    dataset = yard.datasets.wait(import_of(yard, project, path), timeout_seconds=60)
    report = yard.datasets.report(dataset.id)
    assert (report.num_found, report.num_imported, report.num_rejected, report.num_duplicates) == (
        12,
        10,
        1,
        1,
    )
    assert {problem.path: problem.code for problem in report.problems.items} == {
        "a/notes.txt": "not_an_image",
        "b/copy.png": "duplicate",
    }


def test_an_unknown_architecture_is_refused_with_its_field(yard, trained):
    with pytest.raises(BadInput) as refused:
        yard.experiments.create(
            trained.run.project_id,
            "unknown",
            trained.run.data.split_id,
            config={"architecture": "resnet-1000"},
        )
    assert [problem.field for problem in refused.value.errors] == ["config.architecture"]


def test_an_unknown_task_is_refused(yard):
    with pytest.raises(ModelyardError) as refused:
        yard.projects.create("Fortune", "fortune_telling")
    assert 400 <= refused.value.status < 500


def test_a_dataset_of_an_upload_that_is_not_there_is_refused(yard, project):
    with pytest.raises(ModelyardError) as refused:
        yard.datasets.create(project.id, "nothing", UUID(int=0))
    assert refused.value.status == 404
