"""Contents that a dataset holds already: sorted digests in a file, looked up without loading it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

DIGEST_BYTES = 32


class Known:
    """Of no file: nothing is known."""

    def __init__(self, path: Path | None) -> None:
        self._digests: np.ndarray | None = None
        if path is not None and path.stat().st_size:
            self._digests = np.memmap(path, f"S{DIGEST_BYTES}", mode="r")

    def __contains__(self, sha256: str) -> bool:
        if self._digests is None:
            return False
        # NumPy drops trailing NULs on both sides of a comparison alike.
        wanted = np.bytes_(bytes.fromhex(sha256))
        place = int(np.searchsorted(self._digests, wanted))
        return place < len(self._digests) and self._digests[place] == wanted


def write_known(path: Path, digests: Iterable[str]) -> Path:
    """Digests in hexadecimal, sorted."""
    with path.open("wb") as file:
        file.writelines(map(bytes.fromhex, digests))
    return path
