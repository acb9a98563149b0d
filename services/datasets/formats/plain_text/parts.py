"""Text files that hold many texts: one per line, or per paragraph."""

from collections.abc import Iterable, Iterator
from itertools import islice

from libs.common.contracts.imports import ImportProblem
from services.datasets.files import Entry, Files
from services.datasets.formats.contents import TextContent
from services.datasets.formats.layout import common_folder, stem_of
from services.datasets.formats.lines import LONGEST_LINE, text_lines
from services.datasets.formats.names import check_name
from services.datasets.formats.plan import Found, Plan, rejected, warning
from services.datasets.formats.subsets import subset_of_path
from services.datasets.formats.tables.cells import CellIsBad, checked
from services.datasets.formats.tables.reading import MOST_INLINE_BYTES, MOST_ROWS, TableIsTooLarge

LINES_LOOKED_AT = 1000

# With the line it begins in, counted from 1; None for a text that is too long.
Part = tuple[int, str | None]


def plan_parts(files: Files, texts: list[Entry], encoding: str, problems: list[ImportProblem]) -> Plan:
    """Raises EncodingIsWrong, TableIsTooLarge."""
    root = common_folder([entry.path for entry in texts])
    samples: dict[str, Found] = {}
    num_bytes = 0
    for entry in texts:
        has_paragraphs = _has_paragraphs(text_lines(files, entry, encoding))
        kind = "paragraph" if has_paragraphs else "line"
        problems.append(warning(entry.path, "texts_guessed", f"every {kind} is taken as a text"))
        parts = _parts(text_lines(files, entry, encoding), has_paragraphs)
        for item in _found(entry, stem_of(entry.path.removeprefix(root)), parts):
            problem = check_name(item.name, entry.path, samples) if isinstance(item, Found) else item
            if problem is not None:
                problems.append(problem)
            elif isinstance(item, Found):
                samples[item.name] = item
                num_bytes += item.content.size_bytes
            if len(samples) > MOST_ROWS or num_bytes > MOST_INLINE_BYTES:
                raise TableIsTooLarge(f"more than {MOST_ROWS} texts, or {MOST_INLINE_BYTES // 2**30} GiB")
    return Plan("text", list(samples.values()), problems)


def _found(entry: Entry, stem: str, parts: Iterable[Part]) -> Iterator[Found | ImportProblem]:
    subset = subset_of_path(entry.path)
    for row, text in parts:
        if text is None:
            message = f"a text of more than {LONGEST_LINE} characters"
            yield rejected(entry.path, "text_too_long", message, row=row)
            continue
        try:
            content = TextContent(checked(text).encode(), entry.path, row)
        except CellIsBad as bad:
            yield rejected(entry.path, bad.code, bad.message, row=row)
        else:
            yield Found(content, f"{stem}/{row:08d}", subset=subset)


def _has_paragraphs(lines: Iterable[str]) -> bool:
    """A blank line, and more behind it."""
    seen = [bool(line.strip()) for line in islice(lines, LINES_LOOKED_AT)]
    filled = [number for number, is_filled in enumerate(seen) if is_filled]
    return bool(filled) and not all(seen[filled[0] : filled[-1]])


def _parts(lines: Iterable[str], has_paragraphs: bool) -> Iterator[Part]:
    """Without the line end; what is blank is none. Of a text that is too long no more is held."""
    waiting: list[str] = []
    first = size = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            first = first if waiting else number
            size += len(line)
            waiting.append(line if size < LONGEST_LINE else "")
        is_cut = len(line) == LONGEST_LINE and not line.endswith(("\n", "\r"))
        if waiting and not is_cut and (not has_paragraphs or not line.strip()):
            yield first, _joined(waiting, size)
            waiting, size = [], 0
    if waiting:
        yield first, _joined(waiting, size)


def _joined(lines: list[str], size: int) -> str | None:
    return "".join(lines).rstrip("\r\n") if size < LONGEST_LINE else None
