"""Plain text: files that end in .txt, in folders of classes if they like, or one text per line or paragraph.

One file alone, or files whose names are those of subsets (`train.txt`, `test.txt`), hold many texts:
paragraphs, if a blank line stands between others within the first 1,000 lines, else lines. Other files are
one text each; when all top folders have names of subsets, they are those; the next folder is the class.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from libs.common.contracts.annotations import Annotation, LabelAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Entry, Files
from services.datasets.formats.contents import RecodedContent
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.layout import set_apart
from services.datasets.formats.lines import UTF_8, encoding_of
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.losses import fields_lost, subset_lost, types_lost
from services.datasets.formats.names import LONGEST_LABEL, check_name
from services.datasets.formats.outgoing import Names
from services.datasets.formats.plain_text.files import SUFFIX, Meaning, hold_many, is_text, meanings
from services.datasets.formats.plain_text.parts import plan_parts
from services.datasets.formats.plan import (
    FileContent,
    Found,
    Place,
    Plan,
    Scalar,
    rejected,
    repaired,
    warning,
)
from services.datasets.formats.tables.reading import NoTable
from services.datasets.formats.tables.row_annotations import label_annotation

FLAT = "__"


class PlainText:
    title = "Plain text"
    modalities: frozenset[Modality] = frozenset({"text"})
    carries = frozenset({"label"})

    def fits(self, files: Files) -> bool:
        """Texts beside images belong to them."""
        data, _ = set_apart(files)
        return any(map(is_text, data)) and not any(is_image_path(entry.path) for entry in data)

    def read(self, files: Files, options: FormatOptions) -> Plan:
        encoding = encoding_of(options.encoding)
        data, problems = set_apart(files)
        texts = [entry for entry in data if is_text(entry)]
        problems += [
            rejected(entry.path, "not_a_text", f"its name does not end in {SUFFIX}")
            for entry in data
            if not is_text(entry)
        ]
        if not texts:
            raise NoTable(f"there is no file that ends in {SUFFIX}")
        if hold_many([entry.path for entry in texts]):
            return plan_parts(files, texts, encoding, problems)
        return _plan_files(texts, encoding, problems)

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        paths = _laid_out(content)
        alone = hold_many(paths)
        read = meanings(paths)
        for sample, path in zip(content.samples, paths, strict=True):
            data = sample.read()
            sink.add(path, data)
            yield from _losses(sample, read[path])
            if alone:
                message = "as the only file it will be read as many texts, one for each line or paragraph"
                yield repaired(sample.name, "content_changed", message, level="sample")


def _plan_files(texts: list[Entry], encoding: str, problems: list[ImportProblem]) -> Plan:
    read = meanings([entry.path for entry in texts])
    samples: dict[str, Found] = {}
    for entry in texts:
        told = read[entry.path]
        if problem := check_name(told.name, entry.path, samples):
            problems.append(problem)
            continue
        if told.label is not None and len(told.label) > LONGEST_LABEL:
            message = f"a class has 1 to {LONGEST_LABEL} characters"
            problems.append(rejected(entry.path, "class_name_invalid", message, level="annotation"))
        samples[told.name] = _found(entry, told, encoding)
    classes = {told.label for told in read.values() if told.label and len(told.label) <= LONGEST_LABEL}
    if classes:
        message = f"the folder of a text is taken as its class: there are {len(classes)}"
        problems.append(warning(texts[0].path, "folders_guessed", message))
    return Plan(
        "text",
        list(samples.values()),
        problems,
        num_annotations=sum(told.label is not None for told in read.values()),
        classes=tuple(sorted(classes)),
    )


def _found(entry: Entry, told: Meaning, encoding: str) -> Found:
    has_label = told.label is not None and len(told.label) <= LONGEST_LABEL
    return Found(
        FileContent(entry) if encoding == UTF_8 else RecodedContent(entry, encoding),
        told.name,
        (label_annotation(told.label or ""),) if has_label else (),
        (Place(entry.path),) if has_label else (),
        subset=told.subset,
    )


def _laid_out(content: Content) -> list[str]:
    """Folders are classes, so what has none lies in none; subsets are told when all have one."""
    has_subsets = all(sample.subset is not None for sample in content.samples)
    names = Names(frozenset({SUFFIX}))
    return [names.of(_inside(sample), _folder(sample, has_subsets)) for sample in content.samples]


@dataclass(frozen=True)
class _Inside:
    """A sample under the name that it has in its folder."""

    name: str
    media_type: str
    width: int = 0
    height: int = 0
    subset: str | None = None
    annotations: tuple[Annotation, ...] = ()
    fields: Mapping[str, Scalar] = field(default_factory=dict)

    def read(self) -> bytes:
        return b""


def _inside(sample: Stored) -> _Inside:
    label = _label(sample)
    name = sample.name.replace("/", FLAT) if label is None else sample.name.removeprefix(f"{label}/")
    return _Inside(name, sample.media_type)


def _folder(sample: Stored, has_subsets: bool) -> str:
    label = _label(sample)
    parts = [sample.subset if has_subsets else None, label.replace("/", FLAT) if label else None]
    return "/".join(part for part in parts if part)


def _label(sample: Stored) -> str | None:
    return next((each.label for each in sample.annotations if isinstance(each, LabelAnnotation)), None)


def _losses(sample: Stored, told: Meaning) -> Iterator[ImportProblem]:
    yield from types_lost(sample, {"label"})
    yield from fields_lost(sample)
    labels = [each.label for each in sample.annotations if isinstance(each, LabelAnnotation)]
    if labels != ([told.label] if told.label is not None else []):
        message = f"its classes {', '.join(labels)[:300] or 'none'} will be read as {told.label}"
        yield repaired(sample.name, "annotations_changed", message)
    if told.subset != sample.subset:
        yield from subset_lost(sample)
    if told.name != sample.name:
        yield repaired(sample.name, "renamed", f"its name is {told.name} in the export", level="sample")
