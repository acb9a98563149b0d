"""Two experiments on a handful of small pictures, each trained once within seconds."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from PIL import Image

from libs.client import Modelyard
from libs.common.contracts.experiments import Experiment
from libs.common.contracts.runs import Run
from libs.common.contracts.splits import Split

CONFIG = {
    "architecture": "simple_cnn",
    "image_size": 32,
    "batch_size": 8,
    "num_workers": 0,
    "epochs": 2,
}


@dataclass(frozen=True)
class Small:
    first: Experiment
    other: Experiment
    run: Run
    other_run: Run


def small_split(yard: Modelyard, project_id: UUID, name: str, folder: Path, **sigmas: int) -> Split:
    """Of a new dataset: 20 pictures of noise per class, as strong as said."""
    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for label, sigma in sigmas.items():
            for number in range(20):
                buffer = io.BytesIO()
                Image.effect_noise((16, 16), sigma).save(buffer, "PNG")
                file.writestr(f"{label}/{number:03}.png", buffer.getvalue())
    made = yard.datasets.create(project_id, name, yard.uploads.send(archive).id)
    return yard.splits.create(yard.datasets.wait(made.id).id)


def train_small(yard: Modelyard, folder: Path) -> Small:
    project = yard.projects.create("Small pictures", "classification")
    split = small_split(yard, project.id, "small", folder, quiet=20, loud=120)
    first = yard.experiments.create(project.id, "First", split.id, config=CONFIG)
    other = yard.experiments.duplicate(first.id, name="Short *one*", config={"epochs": 1})
    started = [yard.runs.start(each.id) for each in (first, other)]
    run, other_run = [yard.runs.wait(each.id, timeout_seconds=240) for each in started]
    assert (run.error_detail, other_run.error_detail) == (None, None)
    return Small(first, other, run, other_run)
