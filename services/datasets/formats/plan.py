"""What a format finds in an archive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.datasets import ImportProblem
from services.datasets.archive import Archive, Entry


@dataclass(frozen=True)
class Found:
    """A file that should be a sample, with what is known about it."""

    entry: Entry
    name: str
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class Plan:
    """Samples to be, files that are none, and the classes that must not stay empty."""

    samples: Sequence[Found]
    problems: Sequence[ImportProblem] = ()
    classes: frozenset[str] = field(default=frozenset())


class Format(Protocol):
    """`fits` looks at the listing alone; `read` may open annotation files too."""

    def fits(self, archive: Archive) -> bool: ...

    def read(self, archive: Archive) -> Plan: ...


def rejected(path: str, code: str, message: str) -> ImportProblem:
    return ImportProblem(path=path, code=code, message=message, outcome="rejected")
