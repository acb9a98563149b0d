"""What is made of a source below `scratch`: once, whole or not at all, for all processes that open it."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from services.datasets.full_disk import full_disk_named


class Kept:
    def __init__(self, source: Path, scratch: Path) -> None:
        about = source.stat()
        # Another source, or the same changed meanwhile, shares nothing with it.
        which = f"{about.st_ino:x}-{about.st_size:x}-{about.st_mtime_ns:x}"
        self._folder = scratch / "unpacked" / which

    def path(self, name: str, write: Callable[[BinaryIO], None]) -> Path:
        """Of several that ask, one writes and the others wait. Raises DiskIsFull and what `write` raises."""
        path = self._folder / name
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            # A lock ends with its process, and what that left half-written is written over.
            with (self._folder / f"{name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not path.exists():
                    _write(path, write)
        return path


def _write(path: Path, write: Callable[[BinaryIO], None]) -> None:
    partial = path.with_name(f"{path.name}.partial")
    try:
        with full_disk_named("the source was unpacked"), partial.open("wb") as target:
            write(target)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
