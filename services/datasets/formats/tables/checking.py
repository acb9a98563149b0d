"""Rows of an export read again at once, as an import will read them: what comes back differently is told."""

from collections.abc import Iterator, Mapping, Sequence

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import FormatOptions, ImportProblem
from services.datasets.files import Entry
from services.datasets.formats.contents import TextContent
from services.datasets.formats.format import Stored
from services.datasets.formats.lookup import is_image_path, plain_path
from services.datasets.formats.losses import types_lost
from services.datasets.formats.outgoing import renaming
from services.datasets.formats.plan import Scalar, rejected, repaired
from services.datasets.formats.tables.cells import CellIsBad, is_empty
from services.datasets.formats.tables.columns import Look, roles_of
from services.datasets.formats.tables.reading import kinds_of
from services.datasets.formats.tables.row_annotations import Classes
from services.datasets.formats.tables.rows import ColumnReader, Draft, Row, Setting


class _Written:
    """Files of the export: each is where its row says, unless the path is one that nobody may follow."""

    def find(self, cell: str, folder: str) -> Entry:
        return Entry(0, plain_path(cell, folder), 0)

    def name_of(self, entry: Entry) -> str:
        return entry.path


class Checker:
    """`beginning` are the first rows, by which the columns will be told; `is_text` as of their table."""

    def __init__(
        self,
        columns: Sequence[str],
        beginning: Sequence[Mapping[str, object]],
        *,
        carries: frozenset[str],
        is_text: bool,
        images: tuple[str, ...] = (),
        classes: Classes | None = None,
        subset: str | None = None,
    ) -> None:
        look = Look(tuple(columns), beginning, images, classes or {}, _is_image)
        roles = roles_of(look, FormatOptions())
        setting = Setting("", "", subset, _Written(), look.classes)
        self._reader = ColumnReader(setting, roles, kinds_of(look) if is_text else None)
        self._carries = carries

    def losses(self, sample: Stored, name: str, cells: Mapping[str, object]) -> Iterator[ImportProblem]:
        """`name` is the one that the sample has in the export."""
        yield from renaming(sample, name)
        yield from types_lost(sample, self._carries)
        try:
            draft = self._reader.read(Row(1, cells))
        except CellIsBad as bad:
            yield rejected(sample.name, bad.code, f"cannot be imported again: {bad.message}")
            return
        yield from self._differences(sample, draft)

    def _differences(self, sample: Stored, draft: Draft) -> Iterator[ImportProblem]:
        kept = [each for each in sample.annotations if each.type in self._carries]
        if _sorted(kept) != _sorted(draft.found.annotations):
            message = (
                f"annotations come back differently: {_shown(kept)} as {_shown(draft.found.annotations)}"
            )
            yield repaired(sample.name, "annotations_changed", message)
        if sample.subset != draft.found.subset:
            message = f"the subset {sample.subset!r} comes back as {draft.found.subset!r}"
            yield repaired(sample.name, "subset_changed", message, level="sample")
        if lost := sorted(_changed(sample.fields, draft.found.fields)):
            message = f"fields come back differently: {', '.join(name[:60] for name in lost[:10])}"
            yield repaired(sample.name, "fields_changed", message, level="sample")
        content = draft.found.content
        if isinstance(content, TextContent) and content.data != sample.read():
            yield repaired(
                sample.name, "content_changed", "the content comes back differently", level="sample"
            )


def _is_image(cell: object) -> bool:
    return isinstance(cell, str) and is_image_path(cell)


def _sorted(annotations: Sequence[Annotation]) -> list[str]:
    return sorted(annotation.model_dump_json() for annotation in annotations)


def _shown(annotations: Sequence[Annotation]) -> str:
    text = ", ".join(annotation.model_dump_json() for annotation in annotations)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _changed(before: Mapping[str, Scalar], after: Mapping[str, Scalar]) -> set[str]:
    """A field that says nothing is none."""
    first = {
        name: (type(value), value) for name, value in before.items() if not is_empty(value) or value == ""
    }
    second = {name: (type(value), value) for name, value in after.items()}
    return {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}
