"""Settings of the datasets room."""

import os
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from libs.common.contracts.base import View
from libs.common.settings import RoomSettings

GIB = 2**30


class ArchiveLimits(View):
    """What an archive may be before it counts as an attack."""

    max_entries: Annotated[int, Field(ge=1)] = 2_000_000
    max_unpacked_bytes: Annotated[int, Field(ge=1)] = 200 * GIB
    max_entry_bytes: Annotated[int, Field(ge=1)] = 256 * 2**20
    # Unpacked over packed; images hardly shrink, and what does this is not data.
    max_ratio: Annotated[int, Field(ge=1)] = 200


class Settings(RoomSettings):
    archive: ArchiveLimits = ArchiveLimits()
    import_processes: Annotated[int, Field(ge=1)] = os.cpu_count() or 1
    # An upload that nobody imports is removed after this time.
    upload_hours: Annotated[float, Field(gt=0)] = 48
    sweep_seconds: Annotated[float, Field(gt=0)] = 10

    @property
    def upload_lifetime(self) -> timedelta:
        return timedelta(hours=self.upload_hours)
