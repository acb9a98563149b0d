"""Objects of the store as one tar, streamed: nothing is kept, and its size is known before it begins."""

import tarfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from libs.common.storage import Storage


@dataclass(frozen=True)
class Member:
    key: str
    name: str
    size_bytes: int

    @property
    def header(self) -> bytes:
        info = tarfile.TarInfo(self.name)
        info.size, info.mode = self.size_bytes, 0o644
        return info.tobuf(tarfile.PAX_FORMAT)

    @property
    def padding(self) -> bytes:
        return bytes(-self.size_bytes % tarfile.BLOCKSIZE)


END = bytes(2 * tarfile.BLOCKSIZE)


def tar_of(storage: Storage, members: Sequence[Member]) -> tuple[AsyncIterator[bytes], int]:
    """The bytes, and how many."""
    sizes = (len(each.header) + each.size_bytes + len(each.padding) for each in members)
    return _bytes(storage, members), sum(sizes) + len(END)


async def _bytes(storage: Storage, members: Sequence[Member]) -> AsyncIterator[bytes]:
    for each in members:
        yield each.header
        async for chunk in storage.stream(each.key, 0, each.size_bytes):
            yield chunk
        yield each.padding
    yield END
