"""Where each entry of a container lies: found once, then read as columns by every process that opens it."""

from array import array
from collections.abc import Iterator
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

import numpy as np

from services.datasets.files.entry import Entry, text_of

# Ways of packing: those of ZIP, and one for what has no content.
STORED = 0
FOLDER = 0xFFFF


class Rows:
    """An index that grows: 40 bytes and the name for each entry, no objects."""

    def __init__(self) -> None:
        self.offsets, self.packed, self.sizes = array("Q"), array("Q"), array("Q")
        self.checksums, self.methods = array("I"), array("H")
        self._names, self._ends = bytearray(), array("Q")

    def __len__(self) -> int:
        return len(self._ends)

    def add(
        self,
        name: bytes,
        size_bytes: int,
        offset: int = 0,
        packed_bytes: int = 0,
        checksum: int = 0,
        method: int = STORED,
    ) -> None:
        self._names += name
        self._ends.append(len(self._names))
        self.sizes.append(size_bytes)
        self.offsets.append(offset)
        self.packed.append(packed_bytes)
        self.checksums.append(checksum)
        self.methods.append(method)

    def has_files(self) -> bool:
        return any(method != FOLDER for method in self.methods)

    def write(self, target: BinaryIO) -> None:
        np.savez(
            target,
            names=np.frombuffer(bytes(self._names), np.uint8),
            ends=np.asarray(self._ends),
            sizes=np.asarray(self.sizes),
            offsets=np.asarray(self.offsets),
            packed=np.asarray(self.packed),
            checksums=np.asarray(self.checksums),
            methods=np.asarray(self.methods),
        )


class Index:
    """Reads no column before it is asked for: a process that only unpacks needs no names."""

    def __init__(self, file: Path, *, has_checksums: bool = False) -> None:
        self._file = file
        self._has_checksums = has_checksums

    @cached_property
    def sizes(self) -> np.ndarray:
        return self._column("sizes")

    @cached_property
    def offsets(self) -> np.ndarray:
        return self._column("offsets")

    @cached_property
    def packed(self) -> np.ndarray:
        return self._column("packed")

    @cached_property
    def checksums(self) -> np.ndarray:
        return self._column("checksums")

    @cached_property
    def methods(self) -> np.ndarray:
        return self._column("methods")

    @cached_property
    def entries(self) -> list[Entry]:
        checksums = self.checksums.tolist() if self._has_checksums else repeat(None)
        rows = zip(self.methods.tolist(), self._names(), self.sizes.tolist(), checksums, strict=False)
        return [
            Entry(number, text_of(name), size_bytes, checksum)
            for number, (method, name, size_bytes, checksum) in enumerate(rows)
            if method != FOLDER
        ]

    @cached_property
    def folders(self) -> list[str]:
        rows = zip(self.methods.tolist(), self._names(), strict=True)
        return [text_of(name) for method, name in rows if method == FOLDER]

    def name(self, number: int) -> bytes:
        """As the container has it."""
        start = int(self._ends[number - 1]) if number else 0
        return self._joined[start : int(self._ends[number])]

    def _names(self) -> Iterator[bytes]:
        """One after another: a million objects are not kept beside the entries."""
        start = 0
        for end in self._ends.tolist():
            yield self._joined[start:end]
            start = end

    @cached_property
    def _joined(self) -> bytes:
        return self._column("names").tobytes()

    @cached_property
    def _ends(self) -> np.ndarray:
        return self._column("ends")

    def _column(self, name: str) -> np.ndarray:
        with np.load(self._file) as columns:
            return columns[name]
