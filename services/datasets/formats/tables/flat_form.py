"""Samples as rows of plain columns, for formats that have no more: which columns, and what is in them.

The headings are those that `columns.py` knows without guessing. A class in words stands in `label`, several
in `labels[|]`, where the separator is one that occurs in no label.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from libs.common.contracts.annotations import (
    CaptionAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
    TargetAnnotation,
)
from libs.common.contracts.imports import Modality
from services.datasets.formats.format import Content, Stored
from services.datasets.formats.json_values import parse_json
from services.datasets.formats.tables.cells import is_empty
from services.datasets.formats.tables.headings import FIELD, ROW, SAMPLE_NAME, SEPARATORS, TARGET

PATH, TEXT, CAPTIONS, LABEL, LABELS, SUBSET = "path", "text", "captions", "label", "labels", "subset"


@dataclass
class FlatForm:
    """What the columns are is known when all samples were looked at. Dictionaries keep an order."""

    modality: Modality
    has_label: bool = False
    has_labels: bool = False
    has_captions: bool = False
    has_subset: bool = False
    separator: str = "|"
    targets: dict[str, None] = field(default_factory=dict)
    # With the types of their values.
    fields: dict[str, set[type]] = field(default_factory=dict)
    # Of tables: a column of the row is a field, too, when it is one of every sample.
    row: dict[str, bool] = field(default_factory=dict)

    @property
    def is_image(self) -> bool:
        return self.modality in ("image", "image_text")

    @property
    def own_labels(self) -> str:
        return f"labels[{self.separator}]"

    @property
    def row_columns(self) -> dict[str, str]:
        """Of every key of a row, under which heading it stands."""
        return {key: f"{FIELD if is_field else ROW}{key}" for key, is_field in self.row.items()}

    @property
    def fields_alone(self) -> list[str]:
        return [name for name in self.fields if name not in self.row]


def form_of(content: Content) -> FlatForm:
    form = FlatForm(content.modality)
    labels: set[str] = set()
    for sample in content.samples:
        form.has_subset |= sample.subset is not None
        _note_fields(form, sample)
        for annotation in sample.annotations:
            match annotation:
                case LabelAnnotation():
                    form.has_label = True
                case LabelsAnnotation():
                    form.has_labels = True
                    labels.update(annotation.labels)
                case TargetAnnotation():
                    form.targets[annotation.name] = None
                case CaptionAnnotation():
                    form.has_captions = True
        if form.modality == "tabular":
            _note_row(form, sample)
    form.separator = separator_for(labels)
    return form


def separator_for(labels: Iterable[str]) -> str:
    """The first that occurs in none of them and cannot arise where two of them meet."""
    joined = "\n".join(labels)
    signs = (*SEPARATORS, "/", ":", "~", "^")
    longer = ("".join(signs) for signs in product("|;~^", repeat=3))
    return next((each for each in (*signs, *longer) if not any(sign in joined for sign in each)), "|||")


def row_of(sample: Stored) -> Mapping[str, object]:
    """The content of a tabular sample; empty when it is no object."""
    value = parse_json(sample.read())
    return value if isinstance(value, dict) else {}


def cells_of(form: FlatForm, sample: Stored, name: str) -> dict[str, object]:
    """Values as they are; None where there is none."""
    cells: dict[str, object] = {PATH if form.is_image else SAMPLE_NAME: name}
    if form.modality == "text":
        cells[TEXT] = sample.read().decode()
    if form.modality == "tabular":
        row = row_of(sample)
        cells |= {column: row.get(key) for key, column in form.row_columns.items()}
    if form.has_captions:
        cells[CAPTIONS] = [each.text for each in sample.annotations if isinstance(each, CaptionAnnotation)]
    if form.has_label:
        cells[LABEL] = next(
            (each.label for each in sample.annotations if isinstance(each, LabelAnnotation)), None
        )
    if form.has_labels:
        many = (list(each.labels) for each in sample.annotations if isinstance(each, LabelsAnnotation))
        cells[LABELS] = next(many, None)
    values = {each.name: each.value for each in sample.annotations if isinstance(each, TargetAnnotation)}
    cells |= {f"{TARGET}{name}": values.get(name) for name in form.targets}
    if form.has_subset:
        cells[SUBSET] = sample.subset
    return cells | {f"{FIELD}{name}": sample.fields.get(name) for name in form.fields_alone}


def _note_fields(form: FlatForm, sample: Stored) -> None:
    for name, value in sample.fields.items():
        kinds = form.fields.setdefault(name, set())
        kinds.update([type(value)] if value is not None else [])


def _note_row(form: FlatForm, sample: Stored) -> None:
    for key, value in row_of(sample).items():
        is_field = sample.fields.get(key) == value or (is_empty(value) and key not in sample.fields)
        form.row[key] = form.row.get(key, True) and is_field
