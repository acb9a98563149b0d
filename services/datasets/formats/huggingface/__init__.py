"""Hugging Face: what its library saves or its hub holds, read without it, and written so that it reads it.

Read are Parquet parts (`data/train-00000-of-00001.parquet`, `default/train/0000.parquet`) whose schema names
images and classes, folders of `save_to_disk` (Arrow files beside a `dataset_info.json`), and image folders
with a `metadata.csv` or `metadata.jsonl` whose column `file_name` names the files beside it. The subset is
told by the name of the part, else by its folder.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from libs.common.errors import ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import Plan
from services.datasets.formats.subsets import PART
from services.datasets.formats.tables import parquet
from services.datasets.formats.tables.delimited_table import DelimitedTable
from services.datasets.formats.tables.jsonl import JsonTable
from services.datasets.formats.tables.reading import NoTable, Table, plan_tables

METADATA = frozenset({"metadata.csv", "metadata.jsonl"})
# What a hub or the library leaves beside the data: no samples, and no loss.
NOTES = frozenset(
    {
        "README.md",
        ".gitattributes",
        "dataset_info.json",
        "dataset_dict.json",
        "dataset_infos.json",
        "state.json",
    }
)
SAVED = frozenset({"dataset_info.json", "state.json"})


class HuggingFace:
    title = "Hugging Face"
    modalities: frozenset[Modality] = frozenset({"image", "image_text", "text"})
    carries = frozenset({"label", "labels", "target", "caption"})

    def fits(self, files: Files) -> bool:
        entries = _entries(files)
        names = {PurePosixPath(entry.path).name for entry in entries}
        if names & METADATA or (names >= SAVED and any(entry.path.endswith(".arrow") for entry in entries)):
            return True
        parts = parquet.tables_of(files)
        return bool(parts) and (_is_part(parts[0]) or _has_features(files, parts[0]))

    def read(self, files: Files, options: FormatOptions) -> Plan:
        tables = list(_tables(files, options))
        if not tables:
            raise NoTable("there is no Parquet or Arrow file, and no metadata.csv or metadata.jsonl")
        notes = {entry.path for entry in _entries(files) if PurePosixPath(entry.path).name in NOTES}
        return plan_tables(files, tables, options, is_known=frozenset(notes))

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        from services.datasets.formats.huggingface.writing import write_huggingface

        return write_huggingface(content, sink, self.carries)


def _entries(files: Files) -> list[Entry]:
    return [entry for entry in files.entries() if not is_of_system(entry.path)]


def _tables(files: Files, options: FormatOptions) -> Iterator[Table]:
    """Of one kind: a repository that has Parquet has nothing else."""
    # What reads Parquet takes 30 MB, and most sources have none.
    from services.datasets.formats.tables.arrow_tables import ArrowTable

    parts = parquet.tables_of(files)
    if parts:
        yield from (ArrowTable(files, entry, "parquet") for entry in parts)
        return
    for entry in _entries(files):
        name = PurePosixPath(entry.path).name
        if name.endswith(".arrow"):
            yield ArrowTable(files, entry, "arrow")
        elif name == "metadata.csv":
            yield DelimitedTable(files, entry, options)
        elif name == "metadata.jsonl":
            yield JsonTable(files, entry, options)


def _is_part(entry: Entry) -> bool:
    return PART.fullmatch(PurePosixPath(entry.path).stem) is not None


def _has_features(files: Files, entry: Entry) -> bool:
    from services.datasets.formats.tables.arrow_tables import ArrowTable, huggingface_features

    table = ArrowTable(files, entry, "parquet")
    try:
        return bool(huggingface_features(table.schema))
    except ModelyardError:
        return False
    finally:
        table.close()
