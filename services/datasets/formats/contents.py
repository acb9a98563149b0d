"""Contents that are not files of the source: texts and rows, carried along, and texts in another encoding."""

import codecs
import zlib
from dataclasses import dataclass

from libs.common.errors import BadInput
from services.datasets.files import Entry, Files


class TextIsNotInEncoding(BadInput):
    code, title = "encoding_wrong", "The text is not in the encoding that was named"


@dataclass(frozen=True, slots=True)
class TextContent:
    """A text out of a table, or a row of one as JSON: small, in UTF-8, and therefore here."""

    data: bytes
    path: str
    row: int

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    @property
    def checksum(self) -> int | None:
        return zlib.crc32(self.data)

    @property
    def place(self) -> tuple[str, int | None]:
        return self.path, self.row

    def read(self, files: Files) -> bytes:
        return self.data


@dataclass(frozen=True, slots=True)
class RecodedContent:
    """A text file that is not in UTF-8; the sample is. Its size is the file's: near enough to pack by."""

    entry: Entry
    encoding: str

    @property
    def size_bytes(self) -> int:
        return self.entry.size_bytes

    @property
    def checksum(self) -> int | None:
        return self.entry.checksum

    @property
    def place(self) -> tuple[str, int | None]:
        return self.entry.path, None

    def read(self, files: Files) -> bytes:
        try:
            return codecs.decode(files.read(self.entry), self.encoding).encode()
        except UnicodeDecodeError as error:
            raise TextIsNotInEncoding(f"no {self.encoding} from byte {error.start} on") from error
        except UnicodeError as error:
            raise TextIsNotInEncoding(f"no {self.encoding}: {error}") from error
