"""Data to try things with, made on the spot: small, the same each time, with something to learn in it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from libs.common.contracts.sources import SampleSource
from libs.common.room import Resources
from services.datasets.errors import SourceNotFound
from services.datasets.settings import Settings
from services.datasets.sources.limits import full_disk_named
from services.datasets.sources.made.shapes import make_captions, make_classes, make_detection
from services.datasets.sources.made.tables import make_measurements, make_sentences
from services.datasets.sources.origin import Fetched, Progress

# Name → what writes it at a path, as a folder or as one file.
SAMPLES: dict[str, Callable[[Path], None]] = {
    "shapes": make_classes,
    "shapes-detection": make_detection,
    "captions": make_captions,
    "sentences": make_sentences,
    "measurements": make_measurements,
}
ENDINGS = {"sentences": ".jsonl", "measurements": ".csv"}


class FromSample:
    async def check(self, source: SampleSource, settings: Settings) -> None:
        if source.name not in SAMPLES:
            raise SourceNotFound(f"there is no sample data {source.name!r}; there is {', '.join(SAMPLES)}")

    async def is_there(self, source: SampleSource, resources: Resources[Settings]) -> bool:
        return source.name in SAMPLES

    async def fetch(
        self, source: SampleSource, folder: Path, resources: Resources[Settings], progress: Progress
    ) -> Fetched:
        await self.check(source, resources.settings)
        await progress(0, f"making {source.name}")
        path = folder / f"{source.name}{ENDINGS.get(source.name, '')}"
        with full_disk_named():
            await asyncio.to_thread(SAMPLES[source.name], path)
        return Fetched(path, path.name)
