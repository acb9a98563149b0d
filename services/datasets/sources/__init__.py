"""Where datasets come from: one file per kind of source, and one line in the table."""

import asyncio
from pathlib import Path
from typing import Any

from libs.common.contracts.base import View
from libs.common.contracts.sources import (
    DatasetSource,
    HuggingFaceSource,
    PathSource,
    S3Source,
    SampleSource,
    UploadSource,
    UrlSource,
)
from libs.common.room import Resources
from services.datasets.errors import SourceUnavailable
from services.datasets.settings import Settings
from services.datasets.sources.huggingface import FromHuggingFace
from services.datasets.sources.origin import Fetched, Origin, Progress
from services.datasets.sources.path import FromPath
from services.datasets.sources.s3 import FromS3
from services.datasets.sources.sample import FromSample
from services.datasets.sources.upload import FromUpload
from services.datasets.sources.url import FromUrl

__all__ = ["Fetched", "Progress", "check", "fetch", "is_there"]

# Somebody waits for the answer.
LOOK_SECONDS = 3
ORIGINS: dict[type[View], Origin[Any]] = {
    UploadSource: FromUpload(),
    PathSource: FromPath(),
    S3Source: FromS3(),
    UrlSource: FromUrl(),
    HuggingFaceSource: FromHuggingFace(),
    SampleSource: FromSample(),
}


async def check(source: DatasetSource, settings: Settings) -> None:
    """Raises what a user should hear at once and not from a job that failed."""
    await ORIGINS[type(source)].check(source, settings)


async def is_there(source: DatasetSource, resources: Resources[Settings]) -> bool:
    """For data that stays where it is: whether an import would find it. Raises Unavailable, soon."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await ORIGINS[type(source)].is_there(source, resources)
    except TimeoutError as error:
        raise SourceUnavailable("the source did not answer in time") from error


async def fetch(
    source: DatasetSource, folder: Path, resources: Resources[Settings], progress: Progress
) -> Fetched:
    """What it holds, below `folder / "source"`, or in place where it lies on this machine; checked anew."""
    own = folder / "source"
    await asyncio.to_thread(own.mkdir, parents=True, exist_ok=True)
    return await ORIGINS[type(source)].fetch(source, own, resources, progress)
