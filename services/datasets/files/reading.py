"""What every container does with an entry: reads no more than is allowed, unpacks once for readers that jump."""

import shutil
from pathlib import Path
from typing import BinaryIO

from libs.common.ids import new_id
from services.datasets.files.entry import Entry, EntryIsTooLarge, Files


def read_within(stream: BinaryIO, entry: Entry, max_bytes: int) -> bytes:
    """Raises EntryIsTooLarge; what the directory says of the length is not believed."""
    if entry.size_bytes <= max_bytes:
        data = stream.read(max_bytes + 1)
        if len(data) <= max_bytes:
            return data
    raise EntryIsTooLarge(f"{entry.size_bytes} bytes; a sample may have {max_bytes}")


class Unpacked:
    """Entries as files below `scratch`; of several processes each may come first."""

    def __init__(self, files: Files, scratch: Path) -> None:
        self._files = files
        self._folder = scratch / "unpacked"

    def path(self, entry: Entry) -> Path:
        path = self._folder / str(entry.number)
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = self._folder / f"{new_id()}.partial"
            with self._files.open(entry) as source, partial.open("wb") as target:
                shutil.copyfileobj(source, target, 2**20)
            partial.replace(path)
        return path
