"""What a format finds in files: samples to be, files that are none, problems on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import ImportProblem, Modality
from services.datasets.files import Entry, Files

Scalar = str | int | float | bool | None
Level = Literal["sample", "annotation"]


class Content(Protocol):
    """Where a sample's bytes come from. `checksum` is a CRC-32, None where it would have to be counted."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def checksum(self) -> int | None: ...

    @property
    def place(self) -> tuple[str, int | None]:
        """(path, row) for the report."""
        ...

    def read(self, files: Files) -> bytes:
        """Raises a ModelyardError whose detail is the reason in the report."""
        ...


@dataclass(frozen=True, slots=True)
class FileContent:
    """The sample is a file."""

    entry: Entry

    @property
    def size_bytes(self) -> int:
        return self.entry.size_bytes

    @property
    def checksum(self) -> int | None:
        return self.entry.checksum

    @property
    def place(self) -> tuple[str, int | None]:
        return self.entry.path, None

    def read(self, files: Files) -> bytes:
        return files.read(self.entry)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an annotation stands: a file, and a row of it that counts from 1."""

    path: str
    row: int | None = None


class Completion(Protocol):
    """Annotations that need the image: known only where it is decoded. It travels between processes.

    Its `repr` tells all it is made of; an attempt after a crash compares it.
    """

    @property
    def num_annotations(self) -> int:
        """How many it stands for, as far as that is known before."""
        ...

    @property
    def annotation_types(self) -> frozenset[str]: ...

    def annotations(
        self, files: Files, width: int, height: int
    ) -> Iterator[tuple[Annotation, Place] | ImportProblem]:
        """`width` and `height` are those of the upright image."""
        ...


# One for all that have none.
NO_FIELDS: Mapping[str, Scalar] = {}


@dataclass(frozen=True, slots=True)
class Found:
    """What should be a sample, with what is known about it.

    `name` is the sample's path in its dataset; `places` says for every annotation where it stands, for the
    report; `subset` is the one the source names; `fields` are its other columns (a video, a patient, a
    camera), which splits group by and people filter by.
    """

    content: Content
    name: str
    annotations: Sequence[Annotation] = ()
    places: Sequence[Place] = ()
    completion: Completion | None = None
    subset: str | None = None
    fields: Mapping[str, Scalar] = field(default_factory=lambda: NO_FIELDS)


@dataclass(frozen=True)
class Plan:
    """`num_annotations` counts what the source holds, good and bad, as far as that is known before decoding.

    `must_have` are the classes that may not stay empty (decision 5).
    """

    modality: Modality
    samples: Sequence[Found]
    problems: Sequence[ImportProblem] = ()
    num_annotations: int = 0
    classes: tuple[str, ...] = ()
    must_have: frozenset[str] = frozenset()


def rejected(
    path: str, code: str, message: str, *, row: int | None = None, level: Level = "sample"
) -> ImportProblem:
    return ImportProblem(path=path, row=row, code=code, message=message, outcome="rejected", level=level)


def repaired(
    path: str, code: str, message: str, *, row: int | None = None, level: Level = "annotation"
) -> ImportProblem:
    """Kept, and not as it was."""
    return ImportProblem(path=path, row=row, code=code, message=message, outcome="repaired", level=level)


def warning(path: str, code: str, message: str, *, row: int | None = None) -> ImportProblem:
    """Nothing was dropped or changed; somebody should look."""
    return ImportProblem(path=path, row=row, code=code, message=message, outcome="warning")
