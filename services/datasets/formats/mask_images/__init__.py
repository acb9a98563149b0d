"""Mask images: beside each image another one of its size, whose values or colours are classes."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image

from libs.common.contracts.annotations import MaskAnnotation, PolygonAnnotation
from libs.common.contracts.imports import FormatOptions, ImportProblem, Modality
from services.datasets.files import Files
from services.datasets.formats.folder_writing import FolderExport, roles_read, without_labels
from services.datasets.formats.format import Content, Sink, Stored
from services.datasets.formats.json_values import write_json
from services.datasets.formats.losses import fields_lost, types_lost
from services.datasets.formats.mask_images.classes import IGNORED, IGNORED_VALUE
from services.datasets.formats.mask_images.reading import IMAGE_FOLDERS, MaskListing, MaskReading
from services.datasets.formats.masks import MaskIsMalformed, array_of, mask_of_parts
from services.datasets.formats.plan import Plan, rejected, repaired

CLASSES = "label_map.json"
MOST_CLASSES = 65_534
# Of the devkit of VOC: neighbouring classes differ at a glance.
BITS_OF_COLOURS = 8

Area = MaskAnnotation | PolygonAnnotation


class MaskImages:
    title = "Mask images"
    modalities: frozenset[Modality] = frozenset({"image", "image_text"})
    carries = frozenset({"mask"})

    def fits(self, files: Files) -> bool:
        return MaskListing(files).holds_masks(files)

    def read(self, files: Files, options: FormatOptions) -> Plan:
        return MaskReading(files, options).plan()

    def write(self, content: Content, sink: Sink) -> Iterator[ImportProblem]:
        """Masks of 8 bits with a palette, or of 16 where there are too many classes for that."""
        values = _values(content)
        is_wide = max(values.values(), default=0) > IGNORED_VALUE
        samples = partial(without_labels, content)
        export = FolderExport(samples, partial(roles_read, folders=IMAGE_FOLDERS), "images")
        for sample, path, meaning in export:
            drawing = _Drawing(sample, values)
            sink.add(path, sample.read())
            sink.add(export.beside(path, "masks", ".png"), _encoded(drawing.pixels, is_wide))
            yield from types_lost(sample, {"mask", "polygon"})
            yield from fields_lost(sample)
            yield from export.losses(sample, meaning)
            yield from drawing.losses()
        names = {0: "background", IGNORED_VALUE: IGNORED} | {value: label for label, value in values.items()}
        sink.add(CLASSES, write_json({str(value): names[value] for value in sorted(names)}).encode())


class _Drawing:
    """All areas of a sample in one picture: a later one lies over an earlier one."""

    def __init__(self, sample: Stored, values: dict[str, int]) -> None:
        self.pixels = np.zeros((sample.height, sample.width), np.uint16)
        self._sample = sample
        self._values = values
        self._lost: Counter[tuple[str, str]] = Counter()
        self._changed: Counter[tuple[str, str]] = Counter()
        self._drawn: Counter[int] = Counter()
        for area in _areas(sample):
            self._draw(area)

    def _draw(self, area: Area) -> None:
        value = IGNORED_VALUE if area.is_ignored else self._values.get(area.label)
        inside = _inside(area, self._sample)
        if value is None or inside is None:
            self._lost["annotation_lost", "areas that cannot be drawn"] += 1
            return
        if area.is_ignored and area.label != IGNORED:
            self._changed["label_lost", "areas are ignored, and their classes are not kept"] += 1
        if isinstance(area, PolygonAnnotation):
            self._changed["polygon_drawn", "polygons become pixels"] += 1
        if self._drawn[value]:
            self._changed["instances_merged", "areas become one with another of their class"] += 1
        before = self.pixels[inside]
        if ((before != 0) & (before != value)).any():
            self._changed["masks_overlap", "areas cover a part of another: a pixel has one class"] += 1
        self._drawn[value] += 1
        self.pixels[inside] = value

    def losses(self) -> Iterator[ImportProblem]:
        for (code, message), count in self._lost.items():
            yield rejected(self._sample.name, code, f"{count} {message}", level="annotation")
        for (code, message), count in self._changed.items():
            yield repaired(self._sample.name, code, f"{count} {message}")


def _inside(area: Area, sample: Stored) -> np.ndarray | None:
    """[height, width] of booleans; None for what does not fit the image."""
    size = sample.width, sample.height
    if isinstance(area, PolygonAnnotation):
        rle = mask_of_parts(area.parts, *size)
        area = MaskAnnotation(label=area.label, width=size[0], height=size[1], rle=rle)
    try:
        return array_of(area).astype(bool) if (area.width, area.height) == size else None
    except MaskIsMalformed:
        return None


def _values(content: Content) -> dict[str, int]:
    """From 1 on, without the one that stands for what is ignored."""
    used = {area.label for sample in content.samples for area in _areas(sample) if not area.is_ignored}
    labels = [label for label in content.classes if label in used or label != IGNORED]
    labels += sorted(used - set(labels))
    places = (value for value in range(1, MOST_CLASSES + 2) if value != IGNORED_VALUE)
    return dict(zip(labels, places, strict=False))


def _areas(sample: Stored) -> list[Area]:
    return [each for each in sample.annotations if isinstance(each, MaskAnnotation | PolygonAnnotation)]


def _encoded(pixels: np.ndarray, is_wide: bool) -> bytes:
    image = Image.fromarray(pixels if is_wide else pixels.astype(np.uint8))
    if not is_wide:
        image.putpalette(_palette())
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _palette() -> list[int]:
    """The bits of a value, dealt out to red, green and blue from the highest on."""
    colours = np.zeros((256, 3), np.uint8)
    values = np.arange(256)
    for place in range(BITS_OF_COLOURS):
        for channel in range(3):
            bit = (values >> (3 * place + channel)) & 1
            colours[:, channel] |= (bit << (7 - place)).astype(np.uint8)
    return colours.ravel().tolist()
