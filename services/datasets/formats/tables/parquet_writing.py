"""A version as one Parquet table in our own form, images inside."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from libs.common.contracts.imports import ImportProblem, Modality
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.json_values import write_json
from services.datasets.formats.outgoing import renaming
from services.datasets.formats.tables.arrow_writing import IMAGE, parquet
from services.datasets.formats.tables.own_rows import OwnNames, own_row

TABLE = "samples.parquet"


def write_parquet(content: Content, sink: Sink) -> Iterator[ImportProblem]:
    """Nothing is lost, but that of several samples of one name all but the first get another."""
    names = OwnNames()
    with parquet(sink, TABLE, _schema(content.modality)) as rows:
        for sample in content.samples:
            name = names.of(sample)
            rows.add(*_row(content.modality, sample, name))
            yield from renaming(sample, name)


def _schema(modality: Modality) -> pa.Schema:
    names = ("name", _content_column(modality), "subset", "annotations", "fields")
    return pa.schema([(name, IMAGE if name == "image" else pa.string()) for name in names])


def _content_column(modality: Modality) -> str:
    return {"text": "text", "tabular": "row"}.get(modality, "image")


def _row(modality: Modality, sample: Stored, name: str) -> tuple[Mapping[str, Any], int]:
    """With the size of its content."""
    data = sample.read()
    column = _content_column(modality)
    content = {"bytes": data, "path": name} if column == "image" else data.decode()
    row = own_row(sample, name, {column: content})
    for json_column in ("annotations", "fields"):
        row[json_column] = write_json(row[json_column])
    return row, len(data)
