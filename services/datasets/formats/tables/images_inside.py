"""Images inside Parquet and Arrow files: left where they lie until they are packed."""

from dataclasses import dataclass
from typing import Literal

from libs.common.errors import BadInput
from services.datasets.files import Entry, EntryIsTooLarge, Files

Container = Literal["parquet", "arrow"]

LARGEST_BYTES = 256 * 2**20


class ImageIsGone(BadInput):
    code, title = "image_missing", "There is no image in this row"


@dataclass(frozen=True, slots=True)
class ImageInside:
    """`group` is a row group or batch, `row` the place in it from 0; `number` is that of the file from 1."""

    entry: Entry
    container: Container
    column: str
    group: int
    row: int
    number: int
    size_bytes: int
    checksum: int
    name: str | None = None

    @property
    def place(self) -> tuple[str, int | None]:
        return self.entry.path, self.number

    def read(self, files: Files) -> bytes:
        """Quick when rows are asked for in their order."""
        if self.size_bytes > LARGEST_BYTES:
            raise EntryIsTooLarge(f"{self.size_bytes} bytes; a sample may have {LARGEST_BYTES}")
        # What reads Parquet takes 30 MB, and most sources have none.
        from services.datasets.formats.tables.arrow_images import cursor

        return cursor(files.local(self.entry), self.container, self.column).read(self.group, self.row)
