"""Annotations out of the cells of one row."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from libs.common.contracts.annotations import (
    Annotation,
    CaptionAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
)
from services.datasets.formats.tables.cells import CellIsBad, flag_of, is_empty, label_of, number_of, text_of
from services.datasets.formats.tables.columns import Roles
from services.datasets.formats.tables.headings import OWN_LABELS

Cells = Mapping[str, object]
Classes = Mapping[str, tuple[str, ...]]
# Hugging Face writes it where nobody knows the class.
NO_CLASS = -1


@dataclass
class RowAnnotations:
    """Those that a row holds, and why others are none."""

    found: list[Annotation] = field(default_factory=list)
    bad: list[CellIsBad] = field(default_factory=list)

    def take(self, make: Callable[[], Annotation | None]) -> None:
        try:
            made = make()
        except CellIsBad as bad:
            self.bad.append(bad)
        else:
            self.found.extend([made] if made is not None else [])


def read_annotations(roles: Roles, cells: Cells, classes: Classes) -> RowAnnotations:
    row = RowAnnotations()
    if roles.caption is not None:
        for text in _several(cells.get(roles.caption)):
            row.take(lambda text=text: CaptionAnnotation(text=text_of(text)))
    if roles.label is not None:
        row.take(lambda: _label(roles.label or "", cells, classes))
    if roles.labels:
        row.take(lambda: _labels(roles, cells, classes))
    if roles.own_labels is not None:
        row.take(lambda: _own_labels(roles.own_labels or "", cells))
    if roles.flags:
        row.take(lambda: _flags(roles.flags, cells))
    for column, name in roles.targets.items():
        row.take(lambda column=column, name=name: _target(name, cells.get(column)))
    return row


@lru_cache(maxsize=100_000)
def label_annotation(label: str) -> LabelAnnotation:
    """One for all samples of a class: there are many more samples than classes."""
    return LabelAnnotation(label=label)


def _label(column: str, cells: Cells, classes: Classes) -> LabelAnnotation | None:
    label = _name(column, cells.get(column), classes)
    return label_annotation(label) if label is not None else None


def _labels(roles: Roles, cells: Cells, classes: Classes) -> LabelsAnnotation | None:
    """An empty cell says that it is none of the classes; a missing one says nothing."""
    given = [(column, cells.get(column)) for column in roles.labels]
    if all(value is None for _, value in given):
        return None
    parts = ((column, part) for column, value in given for part in _parts(value, roles.separator))
    labels = (_name(column, part, classes) for column, part in parts)
    return LabelsAnnotation(labels=tuple(dict.fromkeys(label for label in labels if label is not None)))


def _own_labels(column: str, cells: Cells) -> LabelsAnnotation | None:
    """Here the separator alone says that it is none of them."""
    heading, cell = OWN_LABELS.fullmatch(column), cells.get(column)
    if heading is None or is_empty(cell):
        return None
    parts = text_of(cell).split(heading["separator"])
    return LabelsAnnotation(labels=tuple(label for part in parts if part and (label := label_of(part))))


def _flags(columns: Iterable[str], cells: Cells) -> LabelsAnnotation | None:
    flags = {column: flag_of(cells.get(column)) for column in columns}
    if all(flag is None for flag in flags.values()):
        return None
    return LabelsAnnotation(
        labels=tuple(label for column in flags if flags[column] and (label := label_of(column)))
    )


def _target(name: str, cell: object) -> TargetAnnotation | None:
    value = number_of(cell)
    return TargetAnnotation(name=name, value=value) if value is not None else None


def _name(column: str, value: object, classes: Classes) -> str | None:
    """Of a class: what stands there, or the name that the schema has for the number."""
    names = classes.get(column)
    if names is None or not isinstance(value, int) or isinstance(value, bool):
        return label_of(value)
    if value == NO_CLASS:
        return None
    if not 0 <= value < len(names):
        raise CellIsBad("class_unknown", f"there is no class {value}; there are {len(names)}, from 0 on")
    return label_of(names[value])


def _several(value: object) -> Iterable[object]:
    if isinstance(value, list):
        return value
    return () if is_empty(value) else (value,)


def _parts(value: object, separator: str | None) -> Iterable[object]:
    if isinstance(value, str) and separator is not None:
        return value.split(separator)
    return _several(value)
