"""Annotations of a sample in little room: numbers in JSON take a tenth of what objects of them take."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from pydantic import TypeAdapter

from libs.common.contracts.annotations import Annotation
from services.datasets.formats.plan import Place

ANNOTATIONS: TypeAdapter[tuple[Annotation, ...]] = TypeAdapter(tuple[Annotation, ...])


@dataclass(frozen=True, slots=True)
class KeptAnnotations(Sequence[Annotation]):
    """Made anew for everyone who asks."""

    json: bytes
    length: int

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Annotation]:
        return iter(ANNOTATIONS.validate_json(self.json))

    @overload
    def __getitem__(self, index: int) -> Annotation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Annotation, ...]: ...
    def __getitem__(self, index: int | slice) -> Annotation | tuple[Annotation, ...]:
        return tuple(self)[index]


@dataclass(frozen=True, slots=True)
class KeptPlaces(Sequence[Place]):
    """Rows by the file that they are of."""

    rows: "tuple[tuple[str, array[int]], ...]"

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self.rows)

    def __iter__(self) -> Iterator[Place]:
        return (Place(path, row) for path, rows in self.rows for row in rows)

    @overload
    def __getitem__(self, index: int) -> Place: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Place, ...]: ...
    def __getitem__(self, index: int | slice) -> Place | tuple[Place, ...]:
        return tuple(self)[index]


class Keeper:
    """What becomes known of a sample, one after another."""

    __slots__ = ("_lines", "_rows")

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._rows: list[tuple[str, array[int]]] = []

    def add(self, annotation: Annotation, path: str, row: int) -> None:
        self._lines.append(annotation.model_dump_json().encode())
        if not self._rows or self._rows[-1][0] != path:
            self._rows.append((path, array("Q")))
        self._rows[-1][1].append(row)

    @property
    def annotations(self) -> KeptAnnotations:
        return KeptAnnotations(b"[" + b",".join(self._lines) + b"]", len(self._lines))

    @property
    def places(self) -> KeptPlaces:
        return KeptPlaces(tuple(self._rows))
