"""A file that does not answer like its model is refused by name, and nothing of it is stored."""

import json
import shutil
from pathlib import Path

import pytest

from libs.common import artifacts
from libs.common.contracts.jobs import JobFailed
from tests.house import House
from tests.integration.exporter.conftest import OpenService
from tests.toy import Toy

PLUG_IN = Path(__file__).with_name("crooked.py")


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Found by child processes as an installed package would be."""
    shutil.copy(PLUG_IN, tmp_path)
    described = tmp_path / "crooked-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: crooked\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[modelyard.tasks]\ncrooked = crooked:MANIFEST\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "crooked"


@pytest.fixture
def crooked_toy(toy: Toy, plug_in: str, tmp_path: Path) -> Toy:
    folder = shutil.copytree(toy.folder, tmp_path / "toy")
    card = folder / "package/model.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"task": plug_in}))
    return toy.model_copy(update={"task": plug_in, "folder": folder})


@pytest.mark.usefixtures("worker")
async def test_a_file_that_answers_otherwise_is_refused(
    house: House, open_service: OpenService, crooked_toy: Toy
) -> None:
    source = await crooked_toy.publish(house)
    async with open_service() as service:
        made = await service.create(source)

    failed = await house.wait_for(JobFailed, job_id=made.job_id)

    assert failed.code == "parity_failed"
    assert "accuracy is 1.0000 in PyTorch and 0.0000 in the file" in failed.detail
    async with open_service() as service:
        export = await service.get(made.id)
    assert export.parity is not None and not export.parity.passed
    assert export.file is None
    assert await house.storage.list_objects(artifacts.export_prefix(made.id)) == []
