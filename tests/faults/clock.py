"""A clock of PostgreSQL's own, which can jump: every lease, pause and order of the queue is told by it.

Not that of our processes: beside a true monotonic clock, libfaketime 0.9.10 lets Python's `sleep` fail.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = Path("/usr/lib")


@dataclass(frozen=True)
class Clock:
    """`file` says how far it is from the machine's; whoever has `environment` reads it each second."""

    file: Path

    @property
    def environment(self) -> dict[str, str]:
        library = next(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"), None)
        assert library, "libfaketime is missing: run `infra/local/setup.sh faults`"
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            # Waits last as long as ever, and files are as old as they are.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, ahead_seconds: int) -> None:
        self.file.write_text(f"{ahead_seconds:+d}")
        self.file.chmod(0o644)

    @contextmanager
    def ahead(self, seconds: int) -> Iterator[None]:
        self.set(seconds)
        try:
            yield
        finally:
            self.set(0)
