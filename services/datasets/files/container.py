"""What a source is, told by its first bytes; its name counts only where they say nothing."""

from pathlib import Path

from services.datasets.errors import ArchiveIsCorrupt, SourceNotFound
from services.datasets.files.compression import Compression, beginning, compression_of
from services.datasets.files.entry import Files
from services.datasets.files.folder import FolderFiles
from services.datasets.files.kept import Kept
from services.datasets.files.single import SingleFile
from services.datasets.files.tar import TarFiles
from services.datasets.files.tar_headers import BLOCK_BYTES, is_header
from services.datasets.files.zip import ZipFiles
from services.datasets.settings import ArchiveLimits

# An entry, or the end of an archive without any.
ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
FOREIGN_MARKS = {b"Rar!\x1a\x07": "RAR", b"7z\xbc\xaf\x27\x1c": "7-Zip"}
PACKED_TAR_ENDINGS = (
    ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.zst", ".tzst",
)  # fmt: skip


def opened(path: Path, limits: ArchiveLimits, scratch: Path, filename: str) -> Files:
    try:
        kept = Kept(path, scratch)
        head = None if path.is_dir() else _head(path)
    except OSError as error:
        raise SourceNotFound(f"{filename!r} cannot be read: {error.strerror}") from error
    if head is None:
        return FolderFiles(path, limits, kept)
    compression, name = compression_of(head), filename.lower()
    if compression is not None:
        return _packed(path, limits, kept, filename, compression)
    if head.startswith(ZIP_MARKS) or (name.endswith(".zip") and not is_header(head)):
        _refuse_foreign(head)
        return ZipFiles(path, limits, kept)
    if is_header(head) or name.endswith(".tar"):
        _refuse_foreign(head)
        return TarFiles(path, limits, kept)
    _refuse_foreign(head)
    if name.endswith(PACKED_TAR_ENDINGS):
        raise ArchiveIsCorrupt(f"{filename!r} is not a packed TAR file")
    return SingleFile(path, filename, limits, kept)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(BLOCK_BYTES)


def _packed(path: Path, limits: ArchiveLimits, kept: Kept, filename: str, compression: Compression) -> Files:
    """Either a TAR or one file; what is packed in that is not looked at."""
    head = beginning(path, compression, BLOCK_BYTES)
    if is_header(head) or filename.lower().endswith(PACKED_TAR_ENDINGS):
        return TarFiles(path, limits, kept, compression)
    return SingleFile(path, filename, limits, kept, compression)


def _refuse_foreign(head: bytes) -> None:
    for mark, kind in FOREIGN_MARKS.items():
        if head.startswith(mark):
            raise ArchiveIsCorrupt(f"a {kind} file; archives may be ZIP or TAR")
