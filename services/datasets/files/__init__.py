"""What holds the files of a source, told by its first bytes."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from services.datasets.files.container import opened
from services.datasets.files.entry import Entry, EntryIsDamaged, EntryIsTooLarge, Files, leads_out
from services.datasets.settings import ArchiveLimits

__all__ = ["Entry", "EntryIsDamaged", "EntryIsTooLarge", "Files", "leads_out", "open_files"]


@contextmanager
def open_files(path: Path, limits: ArchiveLimits, scratch: Path, filename: str = "") -> Iterator[Files]:
    """A folder, a ZIP, a TAR, or one file; `filename` is what its owner calls it, which tells formats much.

    Raises one of the named archive errors. What has to be made of it (a packed TAR unpacked, an index) goes
    below `scratch`, once for all processes that open it with the same `scratch`.
    """
    with closing(opened(path, limits, scratch, filename or path.name)) as files:
        yield files
