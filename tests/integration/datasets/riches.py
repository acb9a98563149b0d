"""Data for round trips: for each format all that it is made for, and for each modality everything at once."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    LabelAnnotation,
    LabelsAnnotation,
    PolygonAnnotation,
    RotatedBoxAnnotation,
    TargetAnnotation,
)
from libs.common.contracts.imports import Modality
from services.datasets.formats.masks import mask_of
from services.datasets.formats.plan import Scalar
from services.datasets.formats.registry import FORMATS
from services.datasets.formats.sink import ZipSink
from tests.unit.datasets.formats.trips import Sample, content, picture

SIDE = 64
KEPT_FIELDS: Mapping[str, Scalar] = {"video": "Straße 7", "frame": 3, "weight": 0.5, "is_night": True}


def label(name: str) -> LabelAnnotation:
    return LabelAnnotation(label=name)


def labels(*names: str) -> LabelsAnnotation:
    return LabelsAnnotation(labels=names)


def box(name: str, x: float, *, is_ignored: bool = False) -> BoxAnnotation:
    return BoxAnnotation(label=name, x=x, y=4.5, width=20.25, height=16, is_ignored=is_ignored)


def turned(name: str, angle: float) -> RotatedBoxAnnotation:
    return RotatedBoxAnnotation(label=name, cx=30, cy=28, width=20, height=8, angle=angle)


def polygon(name: str, *lefts: float) -> PolygonAnnotation:
    """A part for each."""
    parts = tuple(((left, 8.0), (left + 9.5, 8.0), (left + 6.0, 30.25)) for left in lefts)
    return PolygonAnnotation(label=name, parts=parts)


def mask(name: str, left: int, right: int, *, is_ignored: bool = False) -> Annotation:
    pixels = np.zeros((SIDE, SIDE), bool)
    pixels[10:40, left:right] = True
    return mask_of(pixels, name).model_copy(update={"is_ignored": is_ignored})


def points(name: str) -> KeypointsAnnotation:
    return KeypointsAnnotation(label=name, points=((12.0, 14.5, 2), (20.0, 22.0, 1), (0.0, 0.0, 0)))


def caption(text: str) -> CaptionAnnotation:
    return CaptionAnnotation(text=text)


def target(name: str, value: float) -> TargetAnnotation:
    return TargetAnnotation(name=name, value=value)


def image(
    name: str, *annotations: Annotation, subset: str | None = None, fields: Mapping[str, Scalar] | None = None
) -> Sample:
    """Each name has a picture of its own."""
    return Sample(name, annotations, subset, fields or {}, SIDE, SIDE, data=_picture(name))


def text(name: str, *annotations: Annotation, subset: str | None = None, **fields: Scalar) -> Sample:
    said = f"Dies ist der Text von {name}.\nEr hat „zwei“ Zeilen, und er hört hier auf."
    return Sample(name, annotations, subset, fields, 0, 0, "text/plain", said.encode())


def row(name: str, *annotations: Annotation, subset: str | None = None, **values: Scalar) -> Sample:
    """What is in the row is what it has for fields."""
    data = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return Sample(name, annotations, subset, values, 0, 0, "application/json", data)


@dataclass(frozen=True)
class Example:
    modality: Modality
    samples: tuple[Sample, ...]


def _picture(name: str) -> bytes:
    """Grey, and another one for each name: what follows the end of a PNG shows nothing."""
    return picture(SIDE, SIDE) + name.encode()


def packed(example: Example, format: str) -> bytes:
    """The same in a format, without a room; nothing may be lost on this way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.zip"
        with ZipSink(path) as sink:
            losses = list(FORMATS[format].write(content(example.samples, modality=example.modality), sink))
        assert losses == []
        return path.read_bytes()


def _all(modality: Modality, *samples: Sample) -> tuple[Example, ...]:
    return (Example(modality, samples),)


# All types of annotations, every kind of field, subsets usual and unusual, and samples that have none.
EVERYTHING: Mapping[Modality, Example] = {
    "image_text": Example("image_text", (
        image("Straße/ä 1.png", label("Katze"), box("Katze", 2), box("Menge", 30, is_ignored=True),
              subset="train", fields=KEPT_FIELDS),
        image("x/2.png", polygon("Hund", 4, 30), mask("Himmel ☁", 8, 50), target("Alter", 2.5), subset="val"),
        image("3.png", box("Mensch", 8), points("Mensch"), caption("Ein Mensch, „allein“"), subset="fold-1"),
        image("4.png", turned("großes Schiff", 0.5), labels("a", "b|c;d,e"), fields={"day": "007"}),
        image("5.png", labels(), caption("=1+1"), caption("x\ny"), target("y", -3), subset="test"),
        image("leer.png"),
    )),
    "text": Example("text", (
        text("ä/1.txt", label("gut"), subset="train", topic="Sport", year=2020),
        text("2", labels("a", "b"), target("Note", 1.5), subset="fold-1"),
        text("3"),
    )),
    "tabular": Example("tabular", (
        row("1", label("Rose"), target("price", 2.5), subset="train", petals=5, colour="rot ☁", is_wild=True),
        row("2", labels("a", "b"), subset="fold-1", petals=7, colour="007", is_wild=False),
        row("3", petals=1, colour="", is_wild=True),
    )),
}  # fmt: skip

EXAMPLES: Mapping[str, Sequence[Example]] = {
    "coco": _all(
        "image_text",
        image("Straße/ä 1.png", box("Katze", 2), box("Menge", 30, is_ignored=True), subset="train"),
        image("2.png", polygon("Hund", 4, 30), mask("Himmel ☁", 8, 50), subset="train", fields=KEPT_FIELDS),
        image("3.png", box("Mensch", 8), points("Mensch"), caption("Ein Mensch, „allein“"), subset="val"),
        image("leer.png", subset="test"),
    ),
    "yolo": (
        Example("image", (
            image("a/ü.png", box("Katze", 2), box("Hund 犬", 30), subset="train"),
            image("b.png", box("Katze", 5), subset="val"),
            image("leer.png", subset="test"),
        )),
        Example("image", (image("ü.png", polygon("Hund", 4)), image("b.png", polygon("Katze", 9)))),
        Example("image", (image("ü.png", turned("Schiff", 0.5)), image("b.png", turned("Schiff", -1)))),
        Example("image", (image("ü.png", box("Mensch", 8), points("Mensch")),)),
    ),
    "voc": _all(
        "image",
        image("ä/1.png", box("Katze", 2), box("Hund 犬", 30, is_ignored=True), subset="train"),
        image("ä/2.png", box("Katze", 8), subset="val"),
        image("leer.png", subset="fold-1"),
    ),
    "dota": _all(
        "image",
        image("ä 1.png", turned("großes Schiff", 0.5), subset="train",
              fields={"imagesource": "GoogleEarth", "gsd": 0.5}),
        image("2.png", turned("Hafen", -0.25), turned("Hafen", 1), subset="val"),
        image("leer.png", subset="val"),
    ),
    "huggingface": (
        Example("image_text", (
            image("a/ü.png", label("Katze"), target("Alter", 2.5), caption("eine Katze"), subset="train",
                  fields=KEPT_FIELDS),
            image("b.png", labels("Hund", "Katze"), subset="my-test"),
            image("c.png", labels(), subset="val"),
            image("leer.png"),
        )),
        Example("text", (
            text("1", label("gut"), subset="train"),
            text("2", label("schlecht"), subset="val"),
        )),
    ),
    "image_text": _all(
        "image_text",
        image("a/ü.png", caption("a\ncat"), caption("=1+1"), subset="train", fields=KEPT_FIELDS),
        image("2.png", caption("eine Katze"), label("Katze")),
        image("3.png", subset="val"),
    ),
    "csv": (
        Example("image", (
            image("a/ü.png", label("Katze"), subset="train", fields=KEPT_FIELDS),
            image("2.png", labels("x", "y;z"), target("Alter", -1.5), subset="val"),
            image("3.png", labels()),
        )),
        Example("text", (
            text("1", label("gut"), subset="train", topic="Sport"),
            text("2", labels("a", "b")),
        )),
        Example("tabular", (
            row("1", label("Rose"), target("price", 2.5), subset="train", petals=5, colour="rötlich"),
            row("2", label("Nelke"), petals=7, colour="weiß"),
        )),
    ),
    "mask_images": _all(
        "image",
        image("ä/1.png", mask("Straße", 0, 20), mask("Himmel ☁", 20, 50), subset="train"),
        image("2.png", mask("Straße", 9, 60), mask("ignore", 0, 9, is_ignored=True), subset="val"),
        image("leer.png", subset="val"),
    ),
    "class_folders": _all(
        "image",
        image("Straße/1.png", label("Straße"), subset="train"),
        image("Straße/2.png", label("Straße"), subset="val"),
        image("猫/x/1.png", label("猫"), subset="train"),
    ),
    "images": _all("image", image("ä 1.png", subset="train"), image("2.png", subset="val")),
    # In their own form nothing at all is lost.
    "jsonl": tuple(EVERYTHING.values()),
    "parquet": tuple(EVERYTHING.values()),
    "text": _all(
        "text",
        text("gut/ü.txt", label("gut"), subset="train"),
        text("schlecht/1.txt", label("schlecht"), subset="val"),
        text("3.txt", subset="test"),
    ),
}  # fmt: skip
