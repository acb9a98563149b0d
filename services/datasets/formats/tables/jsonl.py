"""JSONL: an object per line, with the path of its file, a text, or values. Ours carry everything.

Lines in our own form (see `own_rows.py`) hold annotations of every type, fields and subset; the others' keys
are columns, told like those of CSV.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import get_args

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Entry, Files
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.json_values import JsonIsBad, parse_json, write_json
from services.datasets.formats.lines import LONGEST_LINE, byte_lines, encoding_of
from services.datasets.formats.names import is_of_system
from services.datasets.formats.outgoing import Names, renaming
from services.datasets.formats.plan import Plan, rejected
from services.datasets.formats.subsets import subset_of_path
from services.datasets.formats.tables.own_rows import OwnNames, own_row
from services.datasets.formats.tables.reading import NoTable, plan_tables, tells_samples
from services.datasets.formats.tables.rows import Row

SUFFIXES = frozenset({".jsonl", ".ndjson"})
TABLE = "samples.jsonl"
FILES = "files"
# Every one there is.
EVERY_TYPE = frozenset(kind.model_fields["type"].default for kind in get_args(get_args(Annotation)[0]))


class JsonLines:
    title = "JSONL"
    modalities: frozenset[Modality] = frozenset({"image", "image_text", "text", "tabular"})
    carries = EVERY_TYPE

    def fits(self, files: Files) -> bool:
        tables = [JsonTable(files, entry, FormatOptions()) for entry in tables_of(files)]
        return bool(tables) and tells_samples(files, tables[0])

    def read(self, files: Files, options: FormatOptions) -> Plan:
        entries = tables_of(files)
        if not entries:
            raise NoTable("there is no file that ends in .jsonl or .ndjson")
        return plan_tables(files, (JsonTable(files, entry, options) for entry in entries), options)

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        """Nothing is lost, but that of several samples of one name all but the first get another."""
        is_image = content.modality in ("image", "image_text")
        paths = iter(_put_files(content, sink) if is_image else ())
        names = OwnNames()
        with sink.open(TABLE) as file:
            for sample in content.samples:
                name = names.of(sample)
                told = {"path": next(paths)} if is_image else _inline(content.modality, sample)
                file.write(write_json(own_row(sample, name, told)).encode() + b"\n")
                yield from renaming(sample, name)


class JsonTable:
    is_text = False
    columns: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = {}

    def __init__(self, files: Files, entry: Entry, options: FormatOptions) -> None:
        self._files, self._entry = files, entry
        self._encoding = encoding_of(options.encoding)
        self.path = entry.path
        self.subset = subset_of_path(entry.path)
        self.problems: list[ImportProblem] = []

    def rows(self) -> Iterator[Row | ImportProblem]:
        for line in byte_lines(self._files, self._entry, self._encoding):
            if line.data is None:
                message = f"the line has more than {LONGEST_LINE} bytes"
                yield rejected(self.path, "line_too_long", message, row=line.number)
            elif line.data.strip():
                yield self._row(line.number, line.data)

    def _row(self, number: int, data: bytes) -> Row | ImportProblem:
        try:
            value = parse_json(data)
        except JsonIsBad as error:
            return rejected(self.path, "line_malformed", str(error), row=number)
        if not isinstance(value, dict):
            message = f"a {type(value).__name__} where an object should be"
            return rejected(self.path, "line_not_an_object", message, row=number)
        return Row(number, value)

    def close(self) -> None:
        pass


class KeptSuffixes:
    """Those that an image may keep: what ends like one of these tables would be read as one."""

    def __contains__(self, suffix: object) -> bool:
        return suffix not in SUFFIXES


def tables_of(files: Files) -> list[Entry]:
    return [
        entry
        for entry in files.entries()
        if PurePosixPath(entry.path).suffix.lower() in SUFFIXES and not is_of_system(entry.path)
    ]


def _put_files(content: Content, sink: Sink) -> list[str]:
    names, paths = Names(KeptSuffixes()), []
    for sample in content.samples:
        paths.append(names.of(sample, FILES))
        sink.add(paths[-1], sample.read())
    return paths


def _inline(modality: Modality, sample: Stored) -> dict[str, object]:
    """A row that we did not write ourselves stays the text it is."""
    text = sample.read().decode()
    if modality == "text":
        return {"text": text}
    value = parse_json(text)
    return {"row": value if isinstance(value, dict) and write_json(value) == text else text}
