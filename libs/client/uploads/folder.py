"""A folder as one TAR that is never written: any range of it is made when it is sent."""

import hashlib
import os
import stat
import tarfile
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from libs.client.uploads.content import read_range
from libs.common.errors import BadInput

BLOCK_BYTES = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK_BYTES)


class FolderContent:
    """The files below a folder, in the order of their names; links are followed.

    Where each begins in the TAR is known from the listing, so parts are sent side by side and again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._names: list[str] = []
        self._sizes, self._modified_ns, self._starts = array("q"), array("q"), array("q")
        self._end = 0
        digest = hashlib.sha256()
        for name, about in _below(self._root, "", (_place(self._root.stat()),)):
            self._add(name, about)
            digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode(errors="surrogateescape"))
        if all(name.endswith("/") for name in self._names):
            raise BadInput(f"the folder {root} holds no files")
        self._digest = digest.hexdigest()

    @property
    def name(self) -> str:
        return f"{self._root.name or 'folder'}.tar"

    @property
    def size_bytes(self) -> int:
        return self._end + len(END)

    @property
    def identity(self) -> str:
        return f"{self._root}\n{self.size_bytes}\n{self._digest}"

    def chunks(self, start: int, size_bytes: int) -> Iterator[bytes]:
        member = bisect_right(self._starts, start) - 1
        while size_bytes and member < len(self._names):
            skipped = start - self._starts[member]
            for chunk in self._member(member, skipped, size_bytes):
                yield chunk
                start += len(chunk)
                size_bytes -= len(chunk)
            member += 1
        if size_bytes:
            yield END[start - self._end :][:size_bytes]

    def _add(self, name: str, about: os.stat_result) -> None:
        is_folder = stat.S_ISDIR(about.st_mode)
        self._names.append(f"{name}/" if is_folder else name)
        self._sizes.append(0 if is_folder else about.st_size)
        self._modified_ns.append(about.st_mtime_ns)
        self._starts.append(self._end)
        member = len(self._names) - 1
        self._end += len(self._head(member)) + self._sizes[member] + len(self._padding(member))

    def _member(self, member: int, start: int, most_bytes: int) -> Iterator[bytes]:
        """At most so many of its bytes from `start` on: its head, its content, what fills the last block."""
        head, size_bytes = self._head(member), self._sizes[member]
        if taken := head[start:][:most_bytes]:
            yield taken
        most_bytes -= len(taken)
        start = max(start - len(head), 0)
        wanted = max(min(size_bytes - start, most_bytes), 0)
        if wanted:
            path, expected = self._root / self._names[member], (size_bytes, self._modified_ns[member])
            yield from read_range(path, expected, start, wanted)
        padding = self._padding(member)[max(start - size_bytes, 0) :][: most_bytes - wanted]
        if padding:
            yield padding

    def _head(self, member: int) -> bytes:
        name = self._names[member]
        info = tarfile.TarInfo(name)
        info.size, info.mtime = self._sizes[member], max(self._modified_ns[member] // 10**9, 0)
        if name.endswith("/"):
            info.type, info.mode = tarfile.DIRTYPE, 0o755
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")

    def _padding(self, member: int) -> bytes:
        return bytes(-self._sizes[member] % BLOCK_BYTES)


def _below(
    folder: Path, prefix: str, above: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, os.stat_result]]:
    """Folders too: an empty one may be the name of a class. `above` are the folders that led here."""
    try:
        for name in sorted(each.name for each in folder.iterdir()):
            path, about = folder / name, (folder / name).stat()
            yield f"{prefix}{name}", about
            if stat.S_ISDIR(about.st_mode):
                if _place(about) in above:
                    raise BadInput(f"{path} is a link to a folder that holds it")
                yield from _below(path, f"{prefix}{name}/", (*above, _place(about)))
            elif not stat.S_ISREG(about.st_mode):
                raise BadInput(f"{path} is neither a file nor a folder")
    except OSError as error:
        raise BadInput(f"{error.filename or folder} cannot be read: {error.strerror}") from error


def _place(about: os.stat_result) -> tuple[int, int]:
    return about.st_dev, about.st_ino
