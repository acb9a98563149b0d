"""How much an archive may hold: told as soon as it is known, at the latest when it is exceeded."""

from services.datasets.errors import ArchiveIsBomb
from services.datasets.settings import ArchiveLimits

# Small files of one value shrink a thousandfold and harm nobody.
RATIO_COUNTS_FROM_BYTES = 10 * 2**20


def check_count(num_entries: int, limits: ArchiveLimits) -> None:
    if num_entries > limits.max_entries:
        raise ArchiveIsBomb(f"{num_entries} entries or more; {limits.max_entries} are allowed")


def check_unpacked(size_bytes: int, limits: ArchiveLimits) -> None:
    if size_bytes > limits.max_unpacked_bytes:
        raise ArchiveIsBomb(f"{size_bytes} bytes unpacked; {limits.max_unpacked_bytes} are allowed")


def check_ratio(size_bytes: int, packed_bytes: int, limits: ArchiveLimits) -> None:
    if size_bytes > max(RATIO_COUNTS_FROM_BYTES, limits.max_ratio * packed_bytes):
        raise ArchiveIsBomb(f"unpacks to {size_bytes // max(packed_bytes, 1)} times its size")
