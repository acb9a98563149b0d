"""Rows in our own form: every annotation, field and subset in full. JSONL and Parquet speak it.

A row has `name`; one of `path` (of a file beside the table), `image` (inside Parquet), `text`, `row`; and
`annotations` (a list, each as the API shows it), `subset`, `fields`. In Parquet `row`, `annotations` and
`fields` are JSON.
"""

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from libs.common.contracts.annotations import Annotation, LabelAnnotation
from libs.common.contracts.imports import ImportProblem, Modality
from services.datasets.formats.contents import TextContent
from services.datasets.formats.format import Stored
from services.datasets.formats.json_values import JsonIsBad, parse_json, write_json
from services.datasets.formats.outgoing import Names
from services.datasets.formats.plan import Content, Found, Place, Scalar, rejected
from services.datasets.formats.subsets import STORED
from services.datasets.formats.tables.cells import CellIsBad, is_empty, scalar_of, text_of
from services.datasets.formats.tables.columns import Look
from services.datasets.formats.tables.row_annotations import label_annotation
from services.datasets.formats.tables.rows import NO_FIELDS, Draft, Row, Setting, own_name

ANNOTATION: TypeAdapter[Annotation] = TypeAdapter(Annotation)
CONTENTS = ("path", "image", "text", "row")


def is_own(look: Look) -> bool:
    """By most rows of the beginning: a name, a content, and annotations that are a list."""
    columns = set(look.columns)
    has_all = {"name", "annotations"} <= columns and not columns.isdisjoint(CONTENTS)
    return has_all and bool(look.rows) and 2 * sum(map(_may_be_own, look.rows)) >= len(look.rows)


def _may_be_own(row: Mapping[str, object]) -> bool:
    told = row.get("annotations")
    is_list = isinstance(told, list) or (isinstance(told, str) and told.startswith("["))
    return is_list and isinstance(row.get("name"), str)


def modality_of(look: Look) -> Modality:
    if any(look.values(column) for column in ("path", "image")):
        return "image"
    return "text" if look.values("text") else "tabular"


class OwnNames:
    """Names that stand in a column: any that a sample can have, each one once."""

    def __init__(self) -> None:
        self._paths = Names()
        self._seen: set[str] = set()

    def of(self, sample: Stored) -> str:
        path = self._paths.of(sample)
        name = path if sample.name in self._seen else sample.name
        self._seen.add(name)
        return name


class OwnReader:
    def __init__(self, setting: Setting, modality: Modality) -> None:
        self._setting, self._modality = setting, modality
        self.dropped: dict[str, str] = {}

    def read(self, row: Row) -> Draft:
        annotations, problems = self._annotations(row)
        found = Found(
            content=self._content(row),
            name=own_name(row.cells.get("name")),
            annotations=tuple(annotations),
            places=(Place(self._setting.path, row.number),) * len(annotations),
            subset=_subset(row.cells.get("subset")),
            fields=_fields(row.cells.get("fields")),
        )
        return Draft(found, problems, self._setting.spare_name(row))

    def _content(self, row: Row) -> Content:
        if self._modality == "image":
            image = row.cells.get("image")
            content, _ = self._setting.image(row.cells.get("path") if is_empty(image) else image)
            return content
        if self._modality == "text":
            text = text_of(row.cells.get("text"))
        else:
            value = row.cells.get("row")
            text = text_of(value) if isinstance(value, str) else _written(value)
        return TextContent(text.encode(), self._setting.path, row.number)

    def _annotations(self, row: Row) -> tuple[list[Annotation], list[ImportProblem]]:
        found, problems = [], []
        for number, each in enumerate(_parsed(row.cells.get("annotations"), list), 1):
            try:
                annotation = ANNOTATION.validate_python(each)
                is_label = isinstance(annotation, LabelAnnotation)
                found.append(label_annotation(annotation.label) if is_label else annotation)
            except ValidationError as error:
                message = f"annotation {number}: {_reason(error)}"
                problems.append(
                    rejected(
                        self._setting.path, "annotation_invalid", message, row=row.number, level="annotation"
                    )
                )
        return found, problems


def own_row(sample: Stored, name: str, content: Mapping[str, object]) -> dict[str, object]:
    return {
        "name": name,
        **content,
        "subset": sample.subset,
        "annotations": [annotation.model_dump(mode="json") for annotation in sample.annotations],
        "fields": dict(sample.fields),
    }


def _written(value: object) -> str:
    if not isinstance(value, dict):
        raise CellIsBad("row_invalid", "there is no object in `row`")
    try:
        return write_json(value)
    except ValueError as error:
        raise CellIsBad("row_invalid", "NaN and infinite numbers cannot be kept") from error


def _parsed(value: object, kind: type) -> Sequence[object] | Mapping[str, object]:
    """Of JSONL the value itself, of Parquet a text that holds it."""
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except JsonIsBad as error:
            raise CellIsBad("row_invalid", str(error)) from error
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise CellIsBad("row_invalid", f"a {type(value).__name__} stands where a {kind.__name__} should")
    return value  # type: ignore[return-value]


def _fields(value: object) -> Mapping[str, Scalar]:
    told = _parsed(value, dict)
    assert isinstance(told, Mapping)
    return {name: scalar_of(inner) for name, inner in told.items()} or NO_FIELDS


def _subset(value: object) -> str | None:
    if is_empty(value):
        return None
    if not isinstance(value, str) or not STORED.fullmatch(value):
        raise CellIsBad("subset_invalid", f"{str(value)[:60]!r} cannot be the name of a subset")
    return value


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"][1:]))
    return f"{place}: {first['msg']}" if place else first["msg"]
