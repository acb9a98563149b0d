"""Old logs are compressed, and together never larger than so much; supervisord calls each minute.

`python -m infra.local.rotation FOLDER` is an event listener of supervisord, which rotates what it writes and
keeps it as it is.
"""

import gzip
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from supervisor.childutils import listener

# Of what supervisord has rotated; a line of a log compresses to about a twentieth.
KEPT_BYTES = 200 * 10**6
ROTATED, RENAMED, COMPRESSED, DRAFT = "*.log.[0-9]", "*.log.t*[0-9]", "*.log.t*.gz", ".draft"


def tidy(folder: Path, kept_bytes: int = KEPT_BYTES) -> None:
    """Killed anywhere it loses nothing: the next call goes on."""
    for draft in folder.glob(f"*{DRAFT}"):
        draft.unlink(missing_ok=True)
    # The oldest has the highest number. Renamed first: supervisord moves its own on whenever one is full.
    for path in sorted(folder.glob(ROTATED), key=lambda path: path.suffix, reverse=True):
        with suppress(FileNotFoundError):
            path.rename(path.with_name(f"{path.stem}.t{time.time_ns()}"))
    for path in folder.glob(RENAMED):
        _compress(path)
    _forget(folder, kept_bytes)


def _compress(path: Path) -> None:
    draft = path.with_name(f"{path.name}{DRAFT}")
    draft.touch(mode=0o600)
    with path.open("rb") as plain, gzip.open(draft, "wb") as compressed:
        shutil.copyfileobj(plain, compressed)
    draft.rename(path.with_name(f"{path.name}.gz"))
    path.unlink()


def _forget(folder: Path, kept_bytes: int) -> None:
    """The oldest go first, whichever part they are of."""
    total = 0
    for path in sorted(folder.glob(COMPRESSED), key=_age, reverse=True):
        total += path.stat().st_size
        if total > kept_bytes:
            path.unlink()


def _age(path: Path) -> int:
    """When it was rotated, which is in its name."""
    return int(path.name.rpartition(".log.t")[2].removesuffix(".gz"))


def listen(folder: Path) -> None:
    while True:
        listener.wait()
        try:
            tidy(folder)
        except OSError as error:
            # A full disk is told by an alert; the next minute tries again.
            print(f"logs are not compressed: {error}", file=sys.stderr, flush=True)
        listener.ok()


if __name__ == "__main__":
    listen(Path(sys.argv[1]))
