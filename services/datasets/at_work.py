"""What each process is reading, in a file that outlives it: of what a process died is told by name."""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from libs.common.child import ChildCrashed
from libs.common.errors import BadInput, Unavailable

PREFIX = "at-work-"
LONGEST_PLACE_BYTES = 2000
# From outside, or for want of memory: nothing that the source has done for sure.
FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class ReaderDied(BadInput):
    """A decoder that breaks does so again: no other attempt is made."""

    code, title = "reader_died", "Reading the source ended its process"


class ReaderWasKilled(Unavailable):
    code, title = "reader_killed", "The process that read the source was ended"


class AtWork:
    """One line for this process, there for as long as the block runs, or for ever when it dies in it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / f"{PREFIX}{os.getpid()}"

    def on(self, path: str, row: int | None) -> None:
        place = path if row is None else f"{path}, row {row}"
        line = place.encode(errors="replace").replace(b"\n", b" ")[:LONGEST_PLACE_BYTES]
        # The rest of a longer line before stays behind it.
        os.pwrite(self._file, line + b"\n", 0)

    def __enter__(self) -> "AtWork":
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
        self._path.unlink()


def death_among(processes: Iterable[BaseProcess], directory: Path) -> ReaderDied | ReaderWasKilled:
    """Why a pool broke: its other processes are ended by SIGTERM then."""
    ended = {process.pid: -(process.exitcode or 0) for process in processes}
    faults = sorted(ended.items(), key=lambda each: (each[1] in (0, signal.SIGTERM), each[1] in FROM_OUTSIDE))
    pid, number = faults[0] if faults else (None, 0)
    return _death(number, _place(directory / f"{PREFIX}{pid}"))


@contextmanager
def death_named(directory: Path) -> Iterator[None]:
    """Of a child that was ended by a signal; one that ended by itself has told a fault of ours."""
    try:
        yield
    except ChildCrashed as crash:
        if crash.exit_code >= 0:
            raise
        found = list(directory.glob(f"{PREFIX}*"))
        raise _death(-crash.exit_code, _place(found[0]) if len(found) == 1 else None) from crash


def _death(number: int, place: str | None) -> ReaderDied | ReaderWasKilled:
    what = f"the process that read {place!r}" if place else "a process that read the source"
    how = f"was ended by {signal.Signals(number).name}" if number > 0 else "ended"
    if number in FROM_OUTSIDE:
        return ReaderWasKilled(f"{what} {how}, perhaps for want of memory")
    return ReaderDied(f"{what} {how}: its decoder breaks on it; leave it out and import again")


def _place(path: Path) -> str | None:
    try:
        return path.read_bytes().partition(b"\n")[0].decode(errors="replace") or None
    except OSError:
        return None
