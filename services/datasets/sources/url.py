"""One file of the web, from public addresses only."""

from pathlib import Path

import httpx

from libs.common.contracts.sources import UrlSource
from libs.common.room import Resources
from libs.common.web.hop import parsed
from services.datasets.settings import Settings
from services.datasets.sources.download import Download
from services.datasets.sources.origin import Fetched, Progress


class FromUrl:
    async def check(self, source: UrlSource, settings: Settings) -> None:
        parsed(source.url, settings.import_hosts)

    async def is_there(self, source: UrlSource, resources: Resources[Settings]) -> bool:
        return True

    async def fetch(
        self, source: UrlSource, folder: Path, resources: Resources[Settings], progress: Progress
    ) -> Fetched:
        settings = resources.settings
        url: httpx.URL = parsed(source.url, settings.import_hosts)
        download = Download(url, folder / "download", settings.archive, settings.import_hosts, progress)
        return Fetched(download.path, await download.run())
