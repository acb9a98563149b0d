"""Parquet: a row per sample, images inside; ours carry everything.

Tables in our own form (see `own_rows.py`) hold annotations of every type, fields and subset; the columns of
others are told like those of CSV. Images are left in the file until they are packed.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Entry, Files
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import Plan
from services.datasets.formats.tables.jsonl import EVERY_TYPE
from services.datasets.formats.tables.reading import NoTable, plan_tables

SUFFIXES = frozenset({".parquet", ".pq"})


class Parquet:
    title = "Parquet"
    modalities: frozenset[Modality] = frozenset({"image", "image_text", "text", "tabular"})
    carries = EVERY_TYPE

    def fits(self, files: Files) -> bool:
        return bool(tables_of(files))

    def read(self, files: Files, options: FormatOptions) -> Plan:
        # What reads Parquet takes 30 MB, and most sources have none.
        from services.datasets.formats.tables.arrow_tables import ArrowTable

        entries = tables_of(files)
        if not entries:
            raise NoTable("there is no file that ends in .parquet")
        return plan_tables(files, (ArrowTable(files, entry, "parquet") for entry in entries), options)

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        from services.datasets.formats.tables.parquet_writing import write_parquet

        return write_parquet(content, sink)


def tables_of(files: Files) -> list[Entry]:
    return [
        entry
        for entry in files.entries()
        if PurePosixPath(entry.path).suffix.lower() in SUFFIXES and not is_of_system(entry.path)
    ]
