"""Images with texts beside them: `x.jpg` and `x.txt` in one folder, each line of the text a caption."""

import re
from collections.abc import Iterator
from itertools import islice

from libs.common.contracts.annotations import Annotation, CaptionAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem
from libs.common.errors import ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.layout import common_folder, placed, set_apart, stem_of
from services.datasets.formats.lines import encoding_of
from services.datasets.formats.lookup import is_image_path
from services.datasets.formats.names import check_name
from services.datasets.formats.plain_text.files import is_text
from services.datasets.formats.plan import FileContent, Found, Place, Plan, rejected

LARGEST_BYTES = 2**20
TEXTS_GLANCED_AT = 5
# Lines of numbers are boxes of YOLO or DOTA.
NUMBERS = re.compile(rb"[\s\d.,eE+-]*")


def are_captions_beside(files: Files) -> bool:
    """Most images have a text, and the first few are words."""
    data, _ = set_apart(files)
    images = [entry for entry in data if is_image_path(entry.path)]
    texts = {stem_of(entry.path): entry for entry in data if is_text(entry)}
    beside = [texts[stem] for entry in images if (stem := stem_of(entry.path)) in texts]
    holds_words = any(_holds_words(files, entry) for entry in beside[:TEXTS_GLANCED_AT])
    return holds_words and 2 * len(beside) > len(images)


def plan_beside(files: Files, options: FormatOptions) -> Plan:
    encoding = encoding_of(options.encoding)
    data, problems = set_apart(files)
    images = [entry for entry in data if is_image_path(entry.path)]
    texts = {stem_of(entry.path): entry for entry in data if is_text(entry)}
    root = common_folder([entry.path for entry in images])
    places = placed(entry.path.removeprefix(root) for entry in images)
    samples: dict[str, Found] = {}
    used: set[str] = set()
    for entry in images:
        place = places[entry.path.removeprefix(root)]
        if problem := check_name(place.name, entry.path, samples):
            problems.append(problem)
            continue
        captions, refused = _captions(files, texts.get(stem_of(entry.path)), encoding)
        problems.extend(refused)
        used.add(stem_of(entry.path))
        annotations, stand = tuple(each for each, _ in captions), tuple(each for _, each in captions)
        samples[place.name] = Found(FileContent(entry), place.name, annotations, stand, subset=place.subset)
    problems.extend(_left_over(data, used))
    num_refused = sum(problem.level == "annotation" for problem in problems)
    num_annotations = sum(len(found.annotations) for found in samples.values()) + num_refused
    return Plan("image_text", list(samples.values()), problems, num_annotations)


def _captions(
    files: Files, entry: Entry | None, encoding: str
) -> tuple[list[tuple[Annotation, Place]], list[ImportProblem]]:
    if entry is None:
        return [], []
    if entry.size_bytes > LARGEST_BYTES:
        message = f"{entry.size_bytes} bytes; captions of an image may have {LARGEST_BYTES}"
        return [], [rejected(entry.path, "captions_too_long", message, level="annotation")]
    try:
        text = files.read(entry).decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        message = f"not in {encoding}: {error}"
        return [], [rejected(entry.path, "encoding_wrong", message, level="annotation")]
    except ModelyardError as error:
        return [], [rejected(entry.path, error.code, error.detail, level="annotation")]
    if "\0" in text:
        return [], [rejected(entry.path, "nul_character", "there is a NUL in it", level="annotation")]
    lines = ((line.strip(), number) for number, line in enumerate(text.splitlines(), 1))
    return [(CaptionAnnotation(text=line), Place(entry.path, number)) for line, number in lines if line], []


def _left_over(data: list[Entry], used: set[str]) -> Iterator[ImportProblem]:
    for entry in data:
        if is_text(entry) and stem_of(entry.path) not in used:
            yield rejected(entry.path, "no_image_beside", "there is no image of this name")
        elif not is_text(entry) and not is_image_path(entry.path):
            yield rejected(entry.path, "not_an_image", "neither an image nor a text")


def _holds_words(files: Files, entry: Entry) -> bool:
    try:
        with files.open(entry) as stream:
            return NUMBERS.fullmatch(b"".join(islice(stream, 3))[:1000]) is None
    except ModelyardError:
        return False
