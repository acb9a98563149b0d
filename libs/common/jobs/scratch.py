"""A worker's folder for its jobs; what workers that were killed have left beside it is removed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from libs.common.ids import new_id

LOCK = "lock"


@contextmanager
def own_folder(shared: Path) -> Iterator[Path]:
    """Locked as long as its process lives: that tells it from an abandoned one, on any machine."""
    folder = shared / new_id().hex
    folder.mkdir(parents=True)
    with (folder / LOCK).open("w") as mine, (shared / LOCK).open("w") as turn:
        flock(turn, LOCK_EX)
        flock(mine, LOCK_EX)
        _remove_abandoned(shared)
        turn.close()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(shared: Path) -> None:
    for path in shared.glob(f"*/{LOCK}"):
        with suppress(OSError), path.open("w") as lock:
            flock(lock, LOCK_EX | LOCK_NB)  # refused while its worker lives
            shutil.rmtree(path.parent, ignore_errors=True)
