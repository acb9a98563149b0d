"""Settings of the datasets room."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from libs.common.contracts.base import View
from libs.common.settings import RoomSettings

GIB = 2**30


class ArchiveLimits(View):
    """What an archive may be before it counts as an attack."""

    max_entries: Annotated[int, Field(ge=1)] = 2_000_000
    max_unpacked_bytes: Annotated[int, Field(ge=1)] = 200 * GIB
    max_entry_bytes: Annotated[int, Field(ge=1)] = 256 * 2**20
    # Of a table that has to be unpacked to disk because its reader jumps about in it.
    max_table_bytes: Annotated[int, Field(ge=1)] = 16 * GIB
    # Unpacked over packed; images hardly shrink, and what does this is not data.
    max_ratio: Annotated[int, Field(ge=1)] = 200


class ImportS3(View):
    """The S3 server that may be imported from, and which of its buckets; without them nothing is read."""

    endpoint: str = ""
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")
    secure: bool = False
    region: str = "us-east-1"
    buckets: tuple[str, ...] = ()


class Settings(RoomSettings):
    archive: ArchiveLimits = ArchiveLimits()
    # Folders of this machine that may be imported from.
    import_roots: tuple[Path, ...] = ()
    # Hosts that URLs may name although their addresses are private.
    import_hosts: tuple[str, ...] = ()
    import_s3: ImportS3 = ImportS3()
    # Empty: nothing comes from the hub.
    huggingface_endpoint: str = "https://huggingface.co"
    huggingface_token: SecretStr | None = None
    import_processes: Annotated[int, Field(ge=1)] = os.cpu_count() or 1
    # Of each process that reads a source: what wants more than the machine has is refused by name before the
    # kernel ends it, or a neighbour.
    import_memory_bytes: Annotated[int, Field(ge=2**27)] = (
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4 * 3
    )
    # An upload that nobody imports is removed after this time.
    upload_hours: Annotated[float, Field(gt=0)] = 48
    sweep_seconds: Annotated[float, Field(gt=0)] = 10
    # Objects without a row are looked for this often, and removed when they have waited long enough for one.
    collect_seconds: Annotated[float, Field(gt=0)] = 3600
    collect_grace_seconds: Annotated[float, Field(ge=0)] = 3600

    @property
    def upload_lifetime(self) -> timedelta:
        return timedelta(hours=self.upload_hours)
