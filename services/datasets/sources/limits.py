"""How much may come from a source: what the operator allows, and what the disk has room for."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libs.common.storage import StorageUnavailable
from services.datasets.errors import DiskIsFull, SourceIsTooLarge
from services.datasets.settings import ArchiveLimits

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


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


@contextmanager
def full_disk_named() -> Iterator[None]:
    """For code that writes files, also by way of the object store's client."""
    try:
        yield
    except (OSError, StorageUnavailable) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if getattr(cause, "errno", None) not in FULL:
            raise
        raise DiskIsFull("the disk became full while the source was fetched") from error
