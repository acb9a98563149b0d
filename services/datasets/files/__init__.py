"""What holds the files of a source, told by its first bytes."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from services.datasets.files.entry import Entry, EntryIsDamaged, EntryIsTooLarge, Files, leads_out
from services.datasets.files.zip import ZipFiles
from services.datasets.settings import ArchiveLimits

__all__ = ["Entry", "EntryIsDamaged", "EntryIsTooLarge", "Files", "leads_out", "open_files"]


@contextmanager
def open_files(path: Path, limits: ArchiveLimits, scratch: Path) -> Iterator[Files]:
    """Raises one of the named archive errors; what has to be unpacked for it goes below `scratch`."""
    with closing(ZipFiles(path, limits, scratch)) as files:
        yield files
