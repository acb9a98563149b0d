"""A disk of its own for the stack's data: a file as a block device, which can be made slow and filled."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

MIB = 2**20
SIZE_BYTES = 6 * 2**30
# Of the whole machine: what the kernel writes later belongs to no group in the first version of cgroups.
THROTTLES = [Path("/sys/fs/cgroup/blkio") / f"blkio.throttle.{way}_bps_device" for way in ("read", "write")]


@dataclass(frozen=True)
class Disk:
    """ext4 on a loop device, so that writeback, fsync and ENOSPC are the kernel's own."""

    folder: Path
    device: str

    @contextmanager
    def slow(self, bytes_per_second: int) -> Iterator[None]:
        self._throttle(bytes_per_second)
        try:
            yield
        finally:
            self._throttle(0)

    @contextmanager
    def full(self) -> Iterator[None]:
        """To the last block; what others free meanwhile is theirs again."""
        ballast = self.folder / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file:
                _fill(file)
            yield
        finally:
            ballast.unlink()

    def _throttle(self, bytes_per_second: int) -> None:
        for throttle in THROTTLES:
            throttle.write_text(f"{self.device} {bytes_per_second}\n")


@contextmanager
def own_disk(folder: Path) -> Iterator[Disk]:
    """Only root may mount; where it cannot be done, the error says what was missing."""
    image, mounted = folder / "disk.img", folder / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    _run("mkfs.ext4", "-q", "-m", "0", "-F", image)
    _run("mount", "-o", "loop", image, mounted)
    try:
        loop = _run("findmnt", "-no", "SOURCE", mounted).strip()
        device = (Path("/sys/block") / Path(loop).name / "dev").read_text().strip()
        yield Disk(mounted, device)
    finally:
        _run("umount", "--lazy", mounted)


def _fill(file: FileIO) -> None:
    """In ever smaller pieces, since the blocks that say where blocks are need room, too."""
    for size_bytes in (256 * MIB, MIB, 4096):
        try:
            while True:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size_bytes)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"
    return done.stdout
