"""Parquet: a row per sample, images inside; ours carry everything.

Tables in our own form (see `own_rows.py`) hold annotations of every type, fields and subset; the columns of
others are told like those of CSV. Images are left in the file until they are packed.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Entry, Files
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.json_values import write_json
from services.datasets.formats.names import is_of_system
from services.datasets.formats.outgoing import renaming
from services.datasets.formats.plan import Plan
from services.datasets.formats.tables.arrow_tables import ArrowTable
from services.datasets.formats.tables.arrow_writing import IMAGE, parquet
from services.datasets.formats.tables.jsonl import EVERY_TYPE
from services.datasets.formats.tables.own_rows import OwnNames, own_row
from services.datasets.formats.tables.reading import NoTable, plan_tables

SUFFIXES = frozenset({".parquet", ".pq"})
TABLE = "samples.parquet"


class Parquet:
    title = "Parquet"
    modalities: frozenset[Modality] = frozenset({"image", "image_text", "text", "tabular"})
    carries = EVERY_TYPE

    def fits(self, files: Files) -> bool:
        return bool(tables_of(files))

    def read(self, files: Files, options: FormatOptions) -> Plan:
        entries = tables_of(files)
        if not entries:
            raise NoTable("there is no file that ends in .parquet")
        return plan_tables(files, (ArrowTable(files, entry, "parquet") for entry in entries), options)

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        """Nothing is lost, but that of several samples of one name all but the first get another."""
        names = OwnNames()
        with parquet(sink, TABLE, _schema(content.modality)) as rows:
            for sample in content.samples:
                name = names.of(sample)
                rows.add(*_row(content.modality, sample, name))
                yield from renaming(sample, name)


def tables_of(files: Files) -> list[Entry]:
    return [
        entry
        for entry in files.entries()
        if PurePosixPath(entry.path).suffix.lower() in SUFFIXES and not is_of_system(entry.path)
    ]


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
