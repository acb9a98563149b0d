"""Shards: plain tars whose members are found by byte offset, without reading the tar."""

import io
import tarfile
from pathlib import Path
from types import TracebackType


class ShardWriter:
    """Members carry no time and no owner: the same samples give the same bytes."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115 — closed in __exit__

    def add(self, name: str, data: bytes) -> int:
        """Where the bytes begin."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o644
        offset = self._tar.offset + tarfile.BLOCKSIZE
        self._tar.addfile(member, io.BytesIO(data))
        return offset

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tar.close()


class NoShard:
    """For a look that stores nothing."""

    def __init__(self, path: Path) -> None: ...

    def add(self, name: str, data: bytes) -> int:
        return 0

    def __enter__(self) -> "NoShard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
