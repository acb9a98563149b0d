"""Learnable images made of nothing: bright discs and squares on noise."""

import io

import numpy as np
from PIL import Image

from libs.common.contracts.annotations import Annotation, LabelAnnotation, LabelsAnnotation
from libs.tasks.runtime import ToyData

SIDE = 40
SHAPES = ("disc", "square")
COLOURS = {"disc": (250, 40, 40), "square": (40, 40, 250)}
CONFIG = {
    "architecture": "simple_cnn",
    "image_size": 32,
    "epochs": 4,
    "batch_size": 8,
    "learning_rate": 3e-3,
}


def one_shape(seed: int, count: int) -> ToyData:
    """Each image shows a disc or a square."""
    return _toy_data(seed, [(SHAPES[number % 2],) for number in range(count)], CONFIG)


def several_shapes(seed: int, count: int) -> ToyData:
    """Each shows one of them, both or neither."""
    random = np.random.default_rng(seed)
    shown = [tuple(shape for shape in SHAPES if random.random() < 0.5) for _ in range(count)]
    return _toy_data(seed, shown, {**CONFIG, "mode": "multi"})


def _toy_data(seed: int, shown: list[tuple[str, ...]], config: dict[str, object]) -> ToyData:
    random = np.random.default_rng(seed)
    annotations: list[tuple[Annotation, ...]] = [
        (LabelsAnnotation(labels=shapes),) if "mode" in config else (LabelAnnotation(label=shapes[0]),)
        for shapes in shown
    ]
    images = tuple(_png(_drawn(shapes, random)) for shapes in shown)
    return ToyData(images, tuple(annotations), SHAPES, config)


def _drawn(shapes: tuple[str, ...], random: np.random.Generator) -> np.ndarray:
    """uint8 [40, 40, 3]."""
    image = random.integers(0, 60, (SIDE, SIDE, 3))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    for shape in shapes:
        cy, cx = random.integers(14, 26, 2)
        disc = (y - cy) ** 2 + (x - cx) ** 2 < 100
        square = (abs(y - cy) < 10) & (abs(x - cx) < 10)
        image[disc if shape == "disc" else square] += np.array(COLOURS[shape])
    return image.clip(0, 255).astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
