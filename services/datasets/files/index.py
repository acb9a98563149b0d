"""Where each entry of a container lies: found once, then read as columns by every process that opens it."""

from array import array
from functools import cached_property
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
        is_file = self.methods != FOLDER
        checksums = self.checksums.tolist() if self._has_checksums else [None] * len(is_file)
        rows = zip(is_file.tolist(), self._names, self.sizes.tolist(), checksums, strict=True)
        return [
            Entry(number, text_of(name), size_bytes, checksum)
            for number, (is_file, name, size_bytes, checksum) in enumerate(rows)
            if is_file
        ]

    @cached_property
    def folders(self) -> list[str]:
        return [text_of(self._names[number]) for number in np.flatnonzero(self.methods == FOLDER).tolist()]

    def name(self, number: int) -> bytes:
        """As the container has it."""
        return self._names[number]

    @cached_property
    def _names(self) -> list[bytes]:
        joined, ends = self._column("names").tobytes(), self._column("ends").tolist()
        return [joined[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def _column(self, name: str) -> np.ndarray:
        with np.load(self._file) as columns:
            return columns[name]
