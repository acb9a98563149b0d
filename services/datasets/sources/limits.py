"""How much may come from a source: what the operator allows, and what the disk has room for."""

import shutil
from functools import partial
from pathlib import Path

from services.datasets import full_disk as disk
from services.datasets.errors import DiskIsFull, SourceIsTooLarge
from services.datasets.settings import ArchiveLimits


def check_count(num_files: int, limits: ArchiveLimits) -> None:
    if num_files > limits.max_entries:
        raise SourceIsTooLarge(f"it holds more than {limits.max_entries} files, as many as are allowed")


def check_size(size_bytes: int, limits: ArchiveLimits) -> None:
    if size_bytes > limits.max_unpacked_bytes:
        raise SourceIsTooLarge(f"it has {size_bytes} bytes; {limits.max_unpacked_bytes} are allowed")


def check_disk(folder: Path, size_bytes: int) -> None:
    """Before the first byte comes: a download of hours should not end with this."""
    free_bytes = shutil.disk_usage(folder).free
    if size_bytes > free_bytes:
        raise DiskIsFull(f"the source has {size_bytes} bytes; {free_bytes} are free")


full_disk_named = partial(disk.full_disk_named, "the source was fetched")
