"""Large archives: how much memory it takes to read every entry of one, in a process of its own."""

import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from benchmarks.results import Result
from services.datasets.files import Entry, Files, open_files
from services.datasets.settings import ArchiveLimits

GIB, MIB = 2**30, 2**20
ARCHIVE_BYTES = 5 * GIB
SAMPLE_BYTES = 200_000
# A file of annotations of this length lies among the samples.
TABLE_BYTES = 512 * MIB
NUM_NAMES = 1_000_000
AIM = "< 500 MB"
LIMITS = ArchiveLimits()


def measure() -> list[Result]:
    archives = {
        "5 GB, ZIP": _write_zip,
        "5 GB, tar.gz": _write_tar,
        f"{NUM_NAMES:,} entries, ZIP": _write_many,
    }
    return [_measured(title, write) for title, write in archives.items()]


def _measured(title: str, write: Callable[[Path], None]) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive"
        write(path)
        started = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.archives", str(path)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        seconds = time.perf_counter() - started
        packed_bytes = path.stat().st_size
    resident, before, num_entries, num_bytes = map(int, told)
    return Result(
        f"every entry read: {title}",
        f"{resident / 1e6:.0f} MB",
        AIM,
        f"largest resident set of the process, {before / 1e6:.0f} MB of it before the archive was opened; "
        f"{num_entries:,} entries, {num_bytes / 1e9:.2f} GB out of {packed_bytes / 1e9:.2f} GB "
        f"in {seconds:.0f} s",
    )


def _write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, size_bytes in _files():
            with archive.open(name, "w", force_zip64=True) as entry:
                _write_noise(entry, size_bytes)


def _write_tar(path: Path) -> None:
    """Noise does not shrink: the fastest packing is as good as any."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, size_bytes in _files():
            entry = tarfile.TarInfo(name)
            entry.size = size_bytes
            archive.addfile(entry, io.BufferedReader(_Noise()))


def _write_many(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(NUM_NAMES):
            archive.writestr(zipfile.ZipInfo(f"train/class-{number % 100:03}/image-{number:07}.jpg"), b"jpeg")


def _files() -> Iterator[tuple[str, int]]:
    yield "annotations.jsonl", TABLE_BYTES
    for number in range((ARCHIVE_BYTES - TABLE_BYTES) // SAMPLE_BYTES):
        yield f"class-{number % 10}/{number:06}.jpg", SAMPLE_BYTES


class _Noise(io.RawIOBase):
    """Bytes without end that do not shrink."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        buffer[:] = os.urandom(len(buffer))
        return len(buffer)


def _write_noise(target: IO[bytes], size_bytes: int) -> None:
    for start in range(0, size_bytes, MIB):
        target.write(os.urandom(min(MIB, size_bytes - start)))


def read_all(path: Path) -> None:
    """Samples whole, what is larger in pieces; prints what `measure` wants to know."""
    before = _resident_bytes()
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as scratch,
        open_files(path, LIMITS, Path(scratch)) as files,
    ):
        entries = files.entries()
        num_bytes = sum(_read(files, entry) for entry in entries)
    print(_resident_bytes(), before, len(entries), num_bytes)


def _read(files: Files, entry: Entry) -> int:
    if entry.size_bytes <= LIMITS.max_entry_bytes:
        return len(files.read(entry))
    with files.open(entry) as stream:
        return sum(len(piece) for piece in iter(lambda: stream.read(MIB), b""))


def _resident_bytes() -> int:
    """The most there ever was of this process; that of getrusage begins with what its parent had."""
    (found,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found) * 1024


if __name__ == "__main__":
    read_all(Path(sys.argv[1]))
