"""A full disk, told by name wherever files are written: another attempt may find room."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from libs.common.errors import Unavailable
from services.datasets.errors import DiskIsFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def full_disk_named(doing: str) -> Iterator[None]:
    """For code that writes files, also by way of the object store's client; `doing` ends the sentence."""
    try:
        yield
    except (OSError, Unavailable) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if getattr(cause, "errno", None) not in FULL:
            raise
        raise DiskIsFull(f"the disk became full while {doing}") from error
