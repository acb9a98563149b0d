"""CSV: a row per sample with the path of its file, a text, or values; labels and targets in columns."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Entry, Files
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import Plan
from services.datasets.formats.tables.delimited_table import DelimitedTable
from services.datasets.formats.tables.delimited_writing import write_delimited
from services.datasets.formats.tables.reading import NoTable, plan_tables, tells_samples

SUFFIXES = frozenset({".csv", ".tsv"})


class Delimited:
    title = "CSV"
    modalities: frozenset[Modality] = frozenset({"image", "image_text", "text", "tabular"})
    carries = frozenset({"label", "labels", "target"})

    def fits(self, files: Files) -> bool:
        tables = [DelimitedTable(files, entry, FormatOptions()) for entry in tables_of(files)]
        return bool(tables) and tells_samples(files, tables[0])

    def read(self, files: Files, options: FormatOptions) -> Plan:
        entries = tables_of(files)
        if not entries:
            raise NoTable("there is no file that ends in .csv or .tsv")
        return plan_tables(files, (DelimitedTable(files, entry, options) for entry in entries), options)

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        yield from write_delimited(content, sink)


def tables_of(files: Files) -> list[Entry]:
    return [
        entry
        for entry in files.entries()
        if PurePosixPath(entry.path).suffix.lower() in SUFFIXES and not is_of_system(entry.path)
    ]
