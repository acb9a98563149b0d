"""Downloads of the SDK: gone on with where the line broke, checked, never half there."""

import hashlib
from pathlib import Path
from uuid import UUID

import pytest

from infra.local.environment import BUCKET
from libs.client import Modelyard
from libs.client.downloads import DownloadDiffers
from libs.common.contracts.dataset_exports import DatasetExport
from libs.common.contracts.sources import SampleSource
from libs.common.errors import NotFound
from libs.common.ids import new_id
from tests.integration.client.line import DOWNLOAD, Fault, Line
from tests.stack import TestStack


@pytest.fixture
def export(yard: Modelyard) -> DatasetExport:
    project = yard.projects.create(f"Shapes {new_id()}", "classification")
    dataset = yard.datasets.create(project.id, "shapes", SampleSource(name="shapes"))
    yard.datasets.wait(dataset.id)
    begun = yard.datasets.export(dataset.id, "class_folders")
    return yard.datasets.wait_for_export(dataset.id, begun.id)


def test_a_line_that_breaks_twice_is_gone_on_with(
    yard: Modelyard, line: Line, export: DatasetExport, tmp_path: Path
) -> None:
    line.faults[DOWNLOAD] = [Fault.CUT, Fault.CUT]
    shown: list[tuple[int, int]] = []

    file = yard.datasets.download_export(
        export.dataset_id, export.id, tmp_path / "out.zip", progress=lambda *seen: shown.append(seen)
    )

    assert hashlib.sha256(file.read_bytes()).hexdigest() == export.sha256
    half = export.size_bytes // 2
    assert line.ranges == [None, f"bytes={half}-", f"bytes={half + (export.size_bytes - half) // 2}-"]
    assert shown[-1] == (export.size_bytes, export.size_bytes)
    assert list(tmp_path.iterdir()) == [file]


def test_bytes_that_changed_in_the_store_are_refused(
    house: TestStack, yard: Modelyard, export: DatasetExport, tmp_path: Path
) -> None:
    (stored,) = (house.stack.home / "s3" / BUCKET).rglob(f"*{export.id}*")
    with stored.open("r+b") as content:
        content.write(b"other")

    with pytest.raises(DownloadDiffers, match=r"out\.zip does not have the SHA-256"):
        yard.datasets.download_export(export.dataset_id, export.id, tmp_path / "out.zip")

    assert list(tmp_path.iterdir()) == []


def test_what_does_not_exist_leaves_no_file(yard: Modelyard, export: DatasetExport, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        yard.datasets.save_report(UUID(int=0), tmp_path / "report.csv")
    with pytest.raises(NotFound):
        yard.datasets.download_export(export.dataset_id, UUID(int=0), tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []
