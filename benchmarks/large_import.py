"""A large import through a whole room: how much memory its processes take, each and together."""

import io
import os
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Self

import numpy as np
from PIL import Image

from benchmarks.results import Result
from benchmarks.stack import client, local_stack
from libs.common.contracts.sources import PathSource

NUM_IMAGES = 50_000
IMAGE_BYTES = 100_000
NUM_PICTURES = 500
WIDTH, HEIGHT = 640, 480
PARTS = ("postgres", "nats", "s3", "gateway", "datasets", "trainer")
POLL_SECONDS = 0.25
PATIENCE_SECONDS = 3600


def measure(num_images: int = NUM_IMAGES) -> list[Result]:
    with local_stack(PARTS) as local, client(local) as yard:
        archive = _write_archive(local.stack.imports / "photos.zip", num_images)
        project = yard.projects.create("Benchmark", "classification")
        started = time.perf_counter()
        with _Watch(local.pid("datasets")) as watch:
            made = yard.datasets.create(project.id, "photos", PathSource(path=archive.name))
            dataset = yard.datasets.wait(made.id, timeout_seconds=PATIENCE_SECONDS)
        seconds = time.perf_counter() - started
    assert dataset.num_samples == num_images
    return [
        Result(
            f"import of {num_images:,} JPEGs, {dataset.size_bytes / 1e9:.1f} GB: all processes of the room",
            f"{watch.together_bytes / 1e6:.0f} MB",
            "< 500 MB",
            f"most at one time, what they share counted once; largest resident set of each, with what it "
            f"shares: {watch.told()}; before the import the room had {watch.before_bytes / 1e6:.0f} MB; "
            f"{num_images / seconds:.0f} images/s",
        )
    ]


class _Watch:
    """The most that a process and all below it held at one time, and each at any time."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._ended = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self.before_bytes = _largest_bytes(room)
        self.together_bytes = 0
        self._largest: dict[int, tuple[str, int]] = {}

    def told(self) -> str:
        return ", ".join(f"{name} {size_bytes / 1e6:.0f} MB" for name, size_bytes in self._largest.values())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            pids = [self._room, *_below(self._room)]
            self.together_bytes = max(self.together_bytes, sum(map(_share_bytes, pids)))
            for pid in pids:
                if size_bytes := _largest_bytes(pid):
                    self._largest[pid] = _name(pid), size_bytes


def _below(pid: int) -> Iterator[int]:
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _text(listing).split():
            yield int(child)
            yield from _below(int(child))


def _largest_bytes(pid: int) -> int:
    return _bytes(pid, "status", "VmHWM")


def _share_bytes(pid: int) -> int:
    """A page that several processes have counts as a part of it in each."""
    return _bytes(pid, "smaps_rollup", "Pss")


def _bytes(pid: int, file: str, name: str) -> int:
    """0 for a process that is gone."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", _text(Path(f"/proc/{pid}/{file}")), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _name(pid: int) -> str:
    command = _text(Path(f"/proc/{pid}/cmdline"))
    kinds = {"services.datasets.run": "child", "spawn_main": "worker", "resource_tracker": "tracker"}
    return next((name for mark, name in kinds.items() if mark in command), "room")


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _write_archive(path: Path, num_images: int) -> Path:
    """Photographs as cameras write them; no two files are the same, and none can be packed any smaller."""
    pictures = [_picture(number) for number in range(NUM_PICTURES)]
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(num_images):
            picture = pictures[number % NUM_PICTURES]
            rest = os.urandom(max(IMAGE_BYTES - len(picture), 16))
            archive.writestr(f"class-{number % 10}/{number:06}.jpg", picture + rest)
    return path


def _picture(seed: int) -> bytes:
    """Smooth noise decodes like a photograph; what follows its end shows nothing."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
