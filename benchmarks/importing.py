"""An import against the bare work on its images: hashing and thumbnails on the same cores."""

import hashlib
import io
import os
import statistics
import tempfile
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.results import Result
from benchmarks.stack import running
from libs.client import Modelyard
from services.datasets.probe import probe

NUM_IMAGES = 3000
SIDE = 400
ROUNDS = 3


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder, running() as yard:
        archive = _archive(Path(folder) / "photos.zip")
        project = yard.projects.create("Benchmark", "classification")
        bare, ours = [], []
        for number in range(ROUNDS):
            bare.append(NUM_IMAGES / _bare(archive))
            ours.append(NUM_IMAGES / _import(yard, project.id, archive, f"photos {number}"))
    ratio = statistics.median(ours) / statistics.median(bare)
    return [
        Result(
            f"import of {NUM_IMAGES} JPEGs of {SIDE}×{SIDE}",
            f"{ratio:.2f}",
            "≥ 0.80 of hash + thumbnail alone",
            f"{statistics.median(ours):.0f} against {statistics.median(bare):.0f} images/s, "
            f"median of {ROUNDS} turns, from the request to ready, upload not counted",
        )
    ]


def _archive(path: Path) -> Path:
    """Smooth noise: compresses and decodes like a photograph."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(NUM_IMAGES):
            small = Image.fromarray(random.integers(0, 256, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8))
            buffer = io.BytesIO()
            small.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
            archive.writestr(f"class-{number % 10}/{number:05}.jpg", buffer.getvalue())
    return path


def _bare(archive: Path) -> float:
    started = time.perf_counter()
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_work, [(archive, number, processes) for number in range(processes)]))
    return time.perf_counter() - started


def _work(share: tuple[Path, int, int]) -> None:
    path, number, of = share
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist()[number::of]:
            data = archive.read(info)
            hashlib.sha256(data).hexdigest()
            probe(data)


def _import(yard: Modelyard, project_id, archive: Path, name: str) -> float:
    upload = yard.uploads.send(archive)
    started = time.perf_counter()
    yard.datasets.wait(yard.datasets.create(project_id, name, upload.id).id)
    return time.perf_counter() - started
