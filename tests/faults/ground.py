"""What is there before any fault: a trained model that is served, an experiment, an archive to import."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from PIL import Image

from libs.client import Modelyard
from libs.common.contracts.base import Step
from libs.common.contracts.deployments import DeploymentState
from libs.common.contracts.runs import RunState

STEADY = "steady"
PREPARE_SECONDS = 900
# Small enough to learn from in seconds, and large enough that an import lasts.
NUM_LEARNED, SIDE_LEARNED = 480, 24
NUM_IMPORTED, SIDE_IMPORTED = 1500, 192
# Long enough to be interrupted, and the same steps in every run.
CONFIG = {
    "architecture": "simple_cnn",
    "image_size": 32,
    "epochs": 14,
    "batch_size": 32,
    "num_workers": 0,
}


@dataclass(frozen=True)
class Ground:
    project_id: UUID
    experiment_id: UUID
    run_id: UUID
    archive: Path
    image: bytes


def prepare(yard: Modelyard, folder: Path) -> Ground:
    learned = pictures(folder / "pictures.zip", NUM_LEARNED, SIDE_LEARNED)
    project = yard.projects.create("Faults", "classification")
    dataset = yard.datasets.create(project.id, "pictures", yard.uploads.send(learned).id)
    split = yard.splits.create(yard.datasets.wait(dataset.id).id)
    experiment = yard.experiments.create(project.id, "interrupted", split.id, config=CONFIG)
    started = yard.runs.start(experiment.id, then=tuple(Step), deployment=STEADY)
    run = yard.runs.wait(started.id, timeout_seconds=PREPARE_SECONDS)
    assert run.state is RunState.COMPLETED, run.error_detail
    served = yard.deployments.wait(STEADY, timeout_seconds=PREPARE_SECONDS)
    assert served.state is DeploymentState.READY, served.reason
    archive = pictures(folder / "noise.zip", NUM_IMPORTED, SIDE_IMPORTED)
    return Ground(project.id, experiment.id, run.id, archive, _noise(SIDE_LEARNED, 120))


def pictures(path: Path, num_images: int, side: int) -> Path:
    """Of noise, weak or strong."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(num_images):
            label, sigma = ("loud", 120) if number % 2 else ("quiet", 20)
            archive.writestr(f"{label}/{number:04}.jpg", _noise(side, sigma))
    return path


def _noise(side: int, sigma: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((side, side), sigma).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
