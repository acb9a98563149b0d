"""Parquet and Arrow files as tables: rows of plain values, images left where they lie."""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.types as types

from libs.common.contracts.imports import ImportProblem
from services.datasets.files import Entry, Files
from services.datasets.formats.plan import rejected, warning
from services.datasets.formats.subsets import subset_of_path
from services.datasets.formats.tables.arrow_batches import Batches, open_batches
from services.datasets.formats.tables.arrow_images import image_bytes
from services.datasets.formats.tables.damage import TableIsDamaged
from services.datasets.formats.tables.images_inside import Container, ImageInside
from services.datasets.formats.tables.rows import Row

LONGEST_LIST = 10_000
HUGGING_FACE = b"huggingface"
# Columns of bytes that are images, where no schema says so.
IMAGES = frozenset(
    {"image", "images", "img", "image_bytes", "bytes", "jpg", "jpeg", "png", "picture", "photo"}
)


class ArrowTable:
    """Opened lazily: a source may have thousands of parts."""

    is_text = False

    def __init__(self, files: Files, entry: Entry, container: Container) -> None:
        self._files, self._entry = files, entry
        self._container: Container = container
        self.path = entry.path
        self.subset = subset_of_path(entry.path)
        self.problems: list[ImportProblem] = []

    @cached_property
    def _batches(self) -> Batches:
        return open_batches(self._files.local(self._entry), self._container)

    @property
    def schema(self) -> pa.Schema:
        return self._batches.schema

    @cached_property
    def _plain(self) -> list[str]:
        return [field.name for field in self.schema if _is_plain(field.type)]

    @property
    def images(self) -> tuple[str, ...]:
        return self._image_columns

    @property
    def columns(self) -> tuple[str, ...]:
        return self._columns

    @property
    def classes(self) -> Mapping[str, tuple[str, ...]]:
        return self._classes

    @cached_property
    def _image_columns(self) -> tuple[str, ...]:
        """One: what Hugging Face's schema says is, a struct of bytes and a path, or a column of bytes."""
        features = huggingface_features(self.schema)
        kinds = {name: told.get("_type") for name, told in features.items() if isinstance(told, dict)}
        possible = [field.name for field in self.schema if _may_be_images(field)]
        return tuple(sorted(possible, key=lambda name: kinds.get(name) != "Image")[:1])

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        wanted = {*self._plain, *self.images}
        for field in self.schema:
            if field.name not in wanted:
                message = f"column {field.name!r} is left out: it holds {str(field.type)[:100]}"
                self.problems.append(warning(self.path, "column_left_out", message))
        return tuple(name for name in self.schema.names if name in wanted)

    @cached_property
    def _classes(self) -> Mapping[str, tuple[str, ...]]:
        return class_names(self.schema)

    def rows(self) -> Iterator[Row | ImportProblem]:
        first = 1
        for group in self._batches.groups():
            num_rows = self._batches.num_rows(group)
            try:
                yield from self._group(group, first)
            except TableIsDamaged as error:
                message = f"rows {first} to {first + num_rows - 1} {error.detail}"
                yield rejected(self.path, error.code, message, row=first)
            first += num_rows

    def _group(self, group: int, first: int) -> Iterator[Row | ImportProblem]:
        done = 0
        for batch in self._batches.read(group, self.columns):
            cells = {
                name: self._images(batch.column(name), group, done, first)
                if name in self.images
                else _values(batch.column(name))
                for name in self.columns
            }
            for row in range(batch.num_rows):
                yield Row(first + done + row, {name: values[row] for name, values in cells.items()})
            done += batch.num_rows

    def _images(self, array: Any, group: int, done: int, first: int) -> list[object]:
        return [
            self._image(array[row], group, done + row, first + done + row, array.type)
            for row in range(len(array))
        ]

    def _image(self, cell: Any, group: int, row: int, number: int, kind: pa.DataType) -> object:
        """Bytes as a reference to them; a path where there are none."""
        buffer = image_bytes(cell)
        path = cell["path"].as_py() if types.is_struct(kind) and cell.is_valid and _has_path(kind) else None
        if buffer is None or not buffer.size:
            return path
        return ImageInside(
            entry=self._entry,
            container=self._container,
            column=self.images[0],
            group=group,
            row=row,
            number=number,
            size_bytes=buffer.size,
            checksum=zlib.crc32(buffer),
            name=path,
        )

    def close(self) -> None:
        if "_batches" in self.__dict__:
            self._batches.close()


def class_names(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """Of columns of classes, as Hugging Face keeps them in the schema; empty when what is there is odd."""
    features = huggingface_features(schema)
    found: dict[str, tuple[str, ...]] = {}
    for column, feature in features.items():
        inner = feature
        while isinstance(inner, dict | list):
            if isinstance(inner, dict) and inner.get("_type") == "ClassLabel":
                names = inner.get("names")
                if isinstance(names, list) and all(isinstance(name, str) for name in names):
                    found[column] = tuple(names)
                break
            inner = inner.get("feature") if isinstance(inner, dict) else inner[0] if inner else None
    return found


def huggingface_features(schema: pa.Schema) -> dict[str, Any]:
    try:
        told = json.loads((schema.metadata or {}).get(HUGGING_FACE, b"{}"))
        features = told["info"]["features"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


def _is_plain(kind: pa.DataType) -> bool:
    if types.is_dictionary(kind):
        return _is_single(kind.value_type)
    return _is_single(kind) or (_is_list(kind) and _is_single(kind.value_type))


def _is_single(kind: pa.DataType) -> bool:
    return (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
        or _is_written(kind)
    )


def _is_written(kind: pa.DataType) -> bool:
    """What is kept as the text that stands for it."""
    return types.is_date(kind) or types.is_time(kind) or types.is_timestamp(kind) or types.is_decimal(kind)


def _is_list(kind: pa.DataType) -> bool:
    if types.is_fixed_size_list(kind):
        return kind.list_size <= LONGEST_LIST
    return types.is_list(kind) or types.is_large_list(kind)


def _may_be_images(field: pa.Field) -> bool:
    if types.is_struct(field.type):
        place = field.type.get_field_index("bytes")
        inner = field.type.field(place).type if place >= 0 else None
        return inner is not None and (_is_bytes(inner) or types.is_null(inner))
    return _is_bytes(field.type) and field.name.lower() in IMAGES


def _is_bytes(kind: pa.DataType) -> bool:
    return types.is_binary(kind) or types.is_large_binary(kind)


def _has_path(kind: Any) -> bool:
    place = kind.get_field_index("path")
    return place >= 0 and types.is_string(kind.field(place).type)


def _values(array: Any) -> Sequence[object]:
    """Each cell by itself where the column as a whole cannot be turned into values."""
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    try:
        if _is_written(array.type):
            array = array.cast(pa.string())
        return array.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError):
        return [_value(cell) for cell in array]


def _value(cell: Any) -> object:
    try:
        value = cell.as_py()
        return (
            value
            if isinstance(value, str | int | float | bool | list)
            else None
            if value is None
            else str(value)
        )
    except (pa.ArrowException, ValueError, OverflowError):
        # Found again by who reads the cell: a text with half a character cannot be stored.
        return "\ud800"
