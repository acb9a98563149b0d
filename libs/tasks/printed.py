"""A training that someone started by hand: what it tells goes to standard output."""

import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from libs.common.contracts.telemetry import Progress

if TYPE_CHECKING:
    from libs.tasks.runtime import CheckpointFiles


class PrintedEvents:
    """Of its checkpoints the last and the best stay, and those that the config wants to be kept."""

    def __init__(self) -> None:
        self._standing: list[CheckpointFiles] = []

    def metrics(self, step: int, values: dict[str, float], epoch: int | None = None) -> None:
        print(f"step {step}:", *(f"{key} {value:.4g}" for key, value in values.items()), flush=True)

    def steps(self, first_step: int, values: Mapping[str, Sequence[float]], epoch: int) -> None:
        """The last of them is enough to read."""
        last = max(map(len, values.values())) - 1
        self.metrics(first_step + last, {key: series[last] for key, series in values.items()}, epoch)

    def progress(self, progress: Progress) -> None: ...

    def log(self, text: str) -> None:
        print(text, flush=True)

    def checkpoint(self, files: "CheckpointFiles") -> None:
        kept = [each for each in self._standing if each.is_kept or (each.is_best and not files.is_best)]
        for each in self._standing:
            if each not in kept:
                shutil.rmtree(each.package)
                each.resume.unlink()
        self._standing = [*kept, files]
        print(f"model: {files.package}, to resume from: {files.resume}", flush=True)

    def should_stop(self) -> bool:
        return False
