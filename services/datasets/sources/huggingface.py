"""A dataset of the Hugging Face hub: its data files at one commit, never its programs.

The library of the hub takes 20 MB, so it is loaded by the first who imports from there.
"""

from pathlib import Path

from libs.common.contracts.sources import HuggingFaceSource
from libs.common.room import Resources
from services.datasets.settings import Settings
from services.datasets.sources.origin import Fetched, Progress


class FromHuggingFace:
    async def check(self, source: HuggingFaceSource, settings: Settings) -> None:
        from services.datasets.sources import hub

        hub.check(source, settings)

    async def is_there(self, source: HuggingFaceSource, resources: Resources[Settings]) -> bool:
        return True

    async def fetch(
        self, source: HuggingFaceSource, folder: Path, resources: Resources[Settings], progress: Progress
    ) -> Fetched:
        from services.datasets.sources import hub

        hub.check(source, resources.settings)
        return await hub.bring(source, folder, resources.settings, progress)
