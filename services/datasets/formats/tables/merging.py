"""Samples of a plan by name; several rows about one file become one sample where that is meant.

Captions of one file add up. So do labels, to one LabelsAnnotation for each file, when at least one in twenty
of the files with a label has several: then the table lists them one by one. Otherwise the first row counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from libs.common.contracts.annotations import (
    Annotation,
    CaptionAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
)
from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.names import check_name
from services.datasets.formats.plan import Found, Place, warning
from services.datasets.formats.tables.rows import Draft
from services.datasets.labels import labels_of

ONE_IN = 20
MOST_JOINED = 1000


@dataclass(frozen=True, slots=True)
class _Another:
    """A row that gives a file another label than the row before."""

    draft: Draft
    label: str
    place: Place


class Gathered:
    def __init__(self) -> None:
        self.samples: dict[str, Found] = {}
        self.problems: list[ImportProblem] = []
        self._others: dict[str, list[_Another]] = {}

    def add(self, draft: Draft, path: str, row: int) -> None:
        found = draft.found
        if found.name in self.samples and draft.spare_name is not None:
            found = replace(found, name=draft.spare_name)
        elif found.name in self.samples and self._joins(draft, path, row):
            return
        if problem := check_name(found.name, path, self.samples, row):
            self.problems.append(problem)
            return
        self.samples[found.name] = found
        self.problems.extend(draft.problems)

    def settle(self) -> None:
        """When all rows are there: are labels listed one by one?"""
        num_labelled = sum(_label(found.annotations) is not None for found in self.samples.values())
        if not self._others:
            return
        if len(self._others) * ONE_IN < num_labelled:
            self._refuse()
        else:
            self._join_labels()

    def labels(self) -> set[str]:
        return {label for found in self.samples.values() for label in labels_of(found.annotations)}

    def _joins(self, draft: Draft, path: str, row: int) -> bool:
        known, found = self.samples[draft.found.name], draft.found
        if len(known.annotations) + len(self._others.get(known.name, ())) > MOST_JOINED:
            return False
        captions = [each for each in found.annotations if isinstance(each, CaptionAnnotation)]
        new = [each for each in captions if each not in known.annotations]
        label = _label(found.annotations)
        if new:
            places = (Place(path, row),) * len(new)
            self.samples[known.name] = replace(
                known, annotations=(*known.annotations, *new), places=(*known.places, *places)
            )
        elif not captions and label is not None and label not in self._labels(known):
            self._others.setdefault(known.name, []).append(_Another(draft, label, Place(path, row)))
        else:
            return False
        self.problems.extend(draft.problems)
        return True

    def _labels(self, known: Found) -> set[str | None]:
        return {_label(known.annotations), *(each.label for each in self._others.get(known.name, ()))}

    def _refuse(self) -> None:
        for name, others in self._others.items():
            for each in others:
                problem = check_name(name, each.place.path, self.samples, each.place.row)
                assert problem is not None
                message = f"an earlier row gives this file another label than {each.label!r}; that one counts"
                self.problems.append(problem.model_copy(update={"message": message}))

    def _join_labels(self) -> None:
        told: set[str] = set()
        for name, found in self.samples.items():
            if _label(found.annotations) is None:
                continue
            others = self._others.get(name, ())
            told.update(each.place.path for each in others)
            self.samples[name] = _with_labels(found, [each.label for each in others])
        message = "files have several rows with different labels: taken as several labels of one sample"
        self.problems.extend(warning(path, "columns_guessed", message) for path in sorted(told))


def _label(annotations: Iterable[Annotation]) -> str | None:
    return next((each.label for each in annotations if isinstance(each, LabelAnnotation)), None)


def _with_labels(found: Found, others: list[str]) -> Found:
    """The first label's annotation becomes the one of all."""
    first = _label(found.annotations)
    assert first is not None
    joined = LabelsAnnotation(labels=(first, *others))
    annotations = (joined if isinstance(each, LabelAnnotation) else each for each in found.annotations)
    return replace(found, annotations=tuple(annotations))
