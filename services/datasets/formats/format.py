"""What a dataset format is: it recognises files, reads them, and writes them again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.plan import Plan, Scalar


class Stored(Protocol):
    """A sample on its way out; its bytes are read when asked for."""

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def subset(self) -> str | None: ...
    @property
    def annotations(self) -> tuple[Annotation, ...]: ...
    @property
    def fields(self) -> Mapping[str, Scalar]: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class Content:
    """All that leaves: `samples` may be gone through more than once, in the order of names."""

    modality: Modality
    classes: tuple[str, ...]
    samples: Iterable[Stored]


class Sink(Protocol):
    """Where a format writes: a ZIP that grows. Paths are checked and must be new."""

    def add(self, path: str, data: bytes) -> None: ...

    def open(self, path: str) -> BinaryIO:
        """For a file that grows row by row, closed before the next is opened."""
        ...


class Format(Protocol):
    """One per file of this folder. `carries` names the annotation types that it can write."""

    title: str
    modalities: frozenset[Modality]
    carries: frozenset[str]

    def fits(self, files: Files) -> bool:
        """By the listing, and a look at small files where that is not enough; odd content raises nothing."""
        ...

    def read(self, files: Files, options: FormatOptions) -> Plan:
        """Raises a named ModelyardError only when nothing at all can be read; else all is in the plan."""
        ...

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        """Yields what the format cannot carry, sample by sample, once for each kind of loss and sample."""
        ...
