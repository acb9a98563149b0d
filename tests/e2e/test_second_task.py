"""A task that no line of this repository's services knows goes the whole way: found by its entry point."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from libs.client import Modelyard
from libs.common.contracts.base import Step
from libs.common.contracts.deployments import DeploymentState
from libs.common.contracts.runs import RunState

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
CONFIG = {"epochs": 20, "batch_size": 8, "learning_rate": 0.1}


def grey(level: float, number: int) -> bytes:
    buffer = io.BytesIO()
    pixels = Image.new("RGB", (24, 24), tuple([round(level * 255)] * 3))
    pixels.putpixel((number % 24, number // 24), (255, 0, 0))
    pixels.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grey") / "grey.zip"
    with zipfile.ZipFile(path, "w") as target:
        for level in LEVELS:
            for number in range(20):
                target.writestr(f"{level}/{number}.png", grey(level, number))
    return path


def test_another_packages_task_is_trained_proven_and_served(yard: Modelyard, archive: Path):
    assert "brightness" in {task.id for task in yard.tasks()}
    project = yard.projects.create("Brightness", "brightness")
    upload = yard.uploads.send(archive)
    dataset = yard.datasets.wait(yard.datasets.create(project.id, "grey", upload.id).id)
    split = yard.splits.create(dataset.id)
    experiment = yard.experiments.create(project.id, "brightness", split.id, config=CONFIG)
    run = yard.runs.start(experiment.id, then=tuple(Step), deployment="brightness")
    run = yard.runs.wait(run.id, timeout_seconds=180)
    assert run.state is RunState.COMPLETED, run.error_detail
    deployment = yard.deployments.wait("brightness", timeout_seconds=180)
    assert deployment.state is DeploymentState.READY, deployment.reason
    (prediction,) = yard.deployments.predict("brightness", grey(0.7, 500)).predictions
    assert prediction.type == "value"
    assert prediction.value == pytest.approx(0.7, abs=0.2)
