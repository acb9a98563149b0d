"""Log lines in a file: JSON lines, compressed in blocks that can be read one by one.

Each block is a whole gzip member, so that the file as it is also opens with any tool that reads gzip.
"""

import gzip
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from libs.common.contracts.telemetry import LogLine

LINES_PER_BLOCK = 2000
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Block:
    """Where lines `first_seq` to `last_seq` lie; `level` is the most serious of them."""

    first_seq: int
    last_seq: int
    offset: int
    size_bytes: int
    level: str

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def write_block(file: BinaryIO, lines: Sequence[LogLine]) -> Block:
    """At the file's present end; `lines` are some, and in order."""
    offset = file.tell()
    text = b"".join(line.model_dump_json().encode() + b"\n" for line in lines)
    # Without a time of its own the same lines give the same bytes.
    size_bytes = file.write(gzip.compress(text, mtime=0))
    level = max((line.level for line in lines), key=LEVELS.index)
    return Block(lines[0].seq, lines[-1].seq, offset, size_bytes, level)


def read_block(content: bytes) -> list[LogLine]:
    return [LogLine.model_validate_json(line) for line in gzip.decompress(content).splitlines()]


def at_least(level: str) -> tuple[str, ...]:
    """This level and what is more serious."""
    return LEVELS[LEVELS.index(level) :]
