"""Image–text pairs: tables with a path and captions, Karpathy's `dataset_*.json`, texts beside images.

A table is CSV or JSONL; its rows name an image and a caption, or a list of captions; several rows of one
image add up. Beside means `x.jpg` and `x.txt` in one folder, each line of the text a caption.
"""

from collections.abc import Iterator

from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.format import Content, Sink
from services.datasets.formats.image_text import karpathy
from services.datasets.formats.image_text.captions_beside import are_captions_beside, plan_beside
from services.datasets.formats.json_values import write_json
from services.datasets.formats.lookup import Lookup
from services.datasets.formats.outgoing import Names
from services.datasets.formats.plan import Plan
from services.datasets.formats.tables import delimited, jsonl
from services.datasets.formats.tables.checking import Checker
from services.datasets.formats.tables.delimited_table import DelimitedTable
from services.datasets.formats.tables.flat_form import cells_of, form_of
from services.datasets.formats.tables.jsonl import JsonTable, KeptSuffixes
from services.datasets.formats.tables.reading import ROWS_LOOKED_AT, Table, plan_tables, roles_at_first_sight

TABLE = "captions.jsonl"


class ImageText:
    title = "Image–text pairs"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries = frozenset({"caption", "label", "labels", "target"})

    def fits(self, files: Files) -> bool:
        if karpathy.tables_of(files) or are_captions_beside(files):
            return True
        lookup = Lookup(files)
        return any(_has_captions(lookup, table) for table in _tables(files, FormatOptions()))

    def read(self, files: Files, options: FormatOptions) -> Plan:
        tables: list[Table] = [karpathy.KarpathyTable(files, entry) for entry in karpathy.tables_of(files)]
        tables = tables or list(_tables(files, options))
        if not tables:
            return plan_beside(files, options)
        return plan_tables(files, tables, options)

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        """A line of JSON for each image; captions are a list."""
        names, paths = Names(KeptSuffixes()), []
        for sample in content.samples:
            paths.append(names.of(sample))
            sink.add(paths[-1], sample.read())
        form = form_of(content)
        form.has_captions = True
        named = list(zip(content.samples, paths, strict=True))
        beginning = [cells_of(form, sample, path) for sample, path in named[:ROWS_LOOKED_AT]]
        columns = list(beginning[0]) if beginning else []
        checker = Checker(columns, beginning, carries=self.carries, is_text=False)
        with sink.open(TABLE) as file:
            for sample, path in zip(content.samples, paths, strict=True):
                cells = cells_of(form, sample, path)
                file.write(write_json(cells).encode() + b"\n")
                yield from checker.losses(sample, path, cells)


def _tables(files: Files, options: FormatOptions) -> Iterator[Table]:
    yield from (JsonTable(files, entry, options) for entry in jsonl.tables_of(files))
    yield from (DelimitedTable(files, entry, options) for entry in delimited.tables_of(files))


def _has_captions(lookup: Lookup, table: Table) -> bool:
    roles = roles_at_first_sight(lookup, table)
    return roles is not None and roles.path is not None and roles.caption is not None
