"""150 pieces of two photographs, as a dataset and on the page that shows them."""

import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from faster_coco_eval.core import mask as coco
from PIL import Image
from playwright.sync_api import Page, expect
from sklearn.datasets import load_sample_images

from libs.client import Modelyard
from libs.common.contracts.annotations import (
    Annotation,
    BoxAnnotation,
    CaptionAnnotation,
    KeypointsAnnotation,
    LabelAnnotation,
    MaskAnnotation,
    PolygonAnnotation,
    RotatedBoxAnnotation,
)
from libs.common.contracts.datasets import Dataset
from libs.common.ids import new_id

NUM_SAMPLES = 150


def pieces() -> Iterator[tuple[str, bytes]]:
    """Pieces of two photographs, in many shapes."""
    chance = random.Random(0)
    flower, temple = (Image.fromarray(image) for image in reversed(load_sample_images().images))
    for number in range(NUM_SAMPLES):
        name, photo = ("temple", temple) if number % 3 else ("flower", flower)
        width, height = chance.randint(200, 640), chance.randint(150, 420)
        left, top = chance.randint(0, 640 - width), chance.randint(0, 427 - height)
        buffer = io.BytesIO()
        photo.crop((left, top, left + width, top + height)).save(buffer, "JPEG", quality=90)
        yield f"{name}/{number:03}.jpg", buffer.getvalue()


def import_photos(yard: Modelyard, folder: Path) -> Dataset:
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for name, data in pieces():
            archive.writestr(name, data)
    project = yard.projects.create(f"Photos {new_id()}", "classification")
    upload = yard.uploads.send(folder / "photos.zip")
    return yard.datasets.wait(yard.datasets.create(project.id, "Photos", upload.id).id)


def drawn(width: int, height: int) -> list[Annotation]:
    """One of every kind, on an image of that size."""
    pixels = np.zeros((height, width), np.uint8)
    pixels[height // 2 :, : width // 3] = 1
    counts = coco.encode(np.asfortranarray(pixels))["counts"]
    right, low = float(width), float(height)
    triangle = ((right * 0.6, low * 0.9), (right * 0.9, low * 0.9), (right * 0.75, low * 0.6))
    points = ((right * 0.4, low * 0.2, 2), (right * 0.45, low * 0.3, 1), (0.0, 0.0, 0))
    return [
        LabelAnnotation(label="flower"),
        BoxAnnotation(label="petal", x=4, y=4, width=right / 4, height=low / 4),
        RotatedBoxAnnotation(label="stem", cx=right / 2, cy=low / 2, width=right / 4, height=12, angle=0.6),
        PolygonAnnotation(label="leaf", parts=(triangle,)),
        MaskAnnotation(
            label="shade",
            width=width,
            height=height,
            rle=counts.decode() if isinstance(counts, bytes) else counts,
        ),
        KeypointsAnnotation(label="insect", points=points),
        CaptionAnnotation(text="A flower <in> front of dark leaves"),
    ]


def browse(page: Page, stack, dataset: Dataset, address: str = "") -> None:
    page.goto(f"{stack.console_url}/browse?dataset={dataset.id}{address}")


def counted(page: Page, place: str) -> None:
    """`1–60 of 150`, say."""
    expect(page.get_by_text(place, exact=True)).to_be_visible()
