"""Karpathy's splits of COCO and Flickr: `dataset_*.json`, a list of images with their sentences, as a table.

Each image has `filename` (in `filepath`, if there is one), `sentences` with `raw`, and `split`; `restval` of
COCO stays a subset of its own, which a split by field can add to `train`.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from libs.common.contracts.imports import ImportProblem
from libs.common.errors import ModelyardError
from services.datasets.files import Entry, Files
from services.datasets.formats.json_values import JsonIsBad, parse_json
from services.datasets.formats.names import is_of_system
from services.datasets.formats.plan import rejected
from services.datasets.formats.tables.damage import TableIsDamaged
from services.datasets.formats.tables.rows import Row

NAME = re.compile(r"(.*/)?dataset[^/]*\.json", re.IGNORECASE)
LARGEST_BYTES = 512 * 2**20
BYTES_GLANCED_AT = 2**16
TAKEN = frozenset({"filename", "filepath", "sentences", "sentids"})


class KarpathyTable:
    is_text = False
    columns: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = {}
    subset: str | None = None

    def __init__(self, files: Files, entry: Entry) -> None:
        self._files, self._entry = files, entry
        self.path = entry.path
        self.problems: list[ImportProblem] = []

    def rows(self) -> Iterator[Row | ImportProblem]:
        for number, image in enumerate(self._images(), 1):
            if isinstance(image, dict):
                yield Row(number, _cells(image))
            else:
                message = f"a {type(image).__name__} where an image should be"
                yield rejected(self.path, "image_malformed", message, row=number)

    def _images(self) -> list[Any]:
        if self._entry.size_bytes > LARGEST_BYTES:
            raise TableIsDamaged(f"more than {LARGEST_BYTES // 2**20} MiB of JSON")
        with self._files.open(self._entry) as stream:
            data = stream.read(LARGEST_BYTES)
        try:
            told = parse_json(data)
        except JsonIsBad as error:
            raise TableIsDamaged(str(error)) from error
        images = told.get("images") if isinstance(told, dict) else None
        if not isinstance(images, list):
            raise TableIsDamaged("there is no list of images in it")
        return images

    def close(self) -> None:
        pass


def tables_of(files: Files) -> list[Entry]:
    entries = (entry for entry in files.entries() if NAME.fullmatch(entry.path))
    return [entry for entry in entries if not is_of_system(entry.path) and _has_sentences(files, entry)]


def _has_sentences(files: Files, entry: Entry) -> bool:
    try:
        with files.open(entry) as stream:
            beginning = stream.read(BYTES_GLANCED_AT)
    except ModelyardError:
        return False
    return b'"sentences"' in beginning and b'"filename"' in beginning


def _cells(image: Mapping[str, Any]) -> dict[str, object]:
    """`tokens` and ids of sentences are not kept: they follow from the sentences."""
    name, folder = image.get("filename"), image.get("filepath")
    if isinstance(name, str) and isinstance(folder, str):
        name = posixpath.join(folder, name)
    sentences = image.get("sentences")
    told = sentences if isinstance(sentences, list) else []
    captions = [each.get("raw") if isinstance(each, dict) else each for each in told]
    rest = {key: value for key, value in image.items() if key not in TAKEN}
    return {"filename": name, "captions": captions, **rest}
