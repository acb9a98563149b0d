"""Pictures of circles, squares and triangles: in class folders, with outlines, with captions."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SEED = 7
CORNERS = {"circle": 32, "square": 4, "triangle": 3}
COLORS = {"red": (214, 62, 54), "green": (66, 160, 88), "blue": (58, 104, 200), "yellow": (232, 190, 62)}
GROUNDS = {"dark": 40, "grey": 110, "light": 225}
SIZES = {"small": (0.12, 0.18), "large": (0.26, 0.36)}
MOST_TRIES = 50

Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    kind: str
    color: str
    center: Point
    radius: float
    angle: float

    def outline(self) -> list[Point]:
        number = CORNERS[self.kind]
        turns = (self.angle + 2 * math.pi * corner / number for corner in range(number))
        x, y = self.center
        return [
            (round(x + self.radius * math.cos(turn), 2), round(y + self.radius * math.sin(turn), 2))
            for turn in turns
        ]


def make_classes(folder: Path, per_class: int = 60, side: int = 64) -> None:
    """One folder for each kind of shape, one shape in each picture."""
    random = np.random.default_rng(SEED)
    for kind in CORNERS:
        (folder / kind).mkdir(parents=True)
        for number in range(per_class):
            shape = _shape(random, side, kind)
            _draw(random, side, [shape], _choice(random, GROUNDS)).save(folder / kind / f"{number:03}.png")


def make_detection(folder: Path, number: int = 80, side: int = 128) -> None:
    """COCO: one to four shapes that do not touch, with boxes and polygons."""
    random = np.random.default_rng(SEED)
    (folder / "images").mkdir(parents=True)
    names = list(CORNERS)
    images, annotations = [], []
    for image_id in range(1, number + 1):
        shapes = _scattered(random, side, int(random.integers(1, 5)))
        file_name = f"images/{image_id:03}.png"
        _draw(random, side, shapes, _choice(random, GROUNDS)).save(folder / file_name)
        images.append({"id": image_id, "file_name": file_name, "width": side, "height": side})
        annotations += [_annotation(shape, image_id, names) for shape in shapes]
    for annotation_id, annotation in enumerate(annotations, 1):
        annotation["id"] = annotation_id
    categories = [{"id": number, "name": name} for number, name in enumerate(names, 1)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content))


def make_captions(folder: Path, number: int = 60, side: int = 96) -> None:
    """Pairs of a picture and a sentence about it."""
    random = np.random.default_rng(SEED)
    (folder / "images").mkdir(parents=True)
    lines = []
    for each in range(1, number + 1):
        size, ground = _choice(random, SIZES), _choice(random, GROUNDS)
        shape = _shape(random, side, size=size)
        file_name = f"images/{each:03}.png"
        _draw(random, side, [shape], ground).save(folder / file_name)
        caption = f"a {size} {shape.color} {shape.kind} on a {ground} background"
        lines.append(json.dumps({"image": file_name, "caption": caption}))
    (folder / "captions.jsonl").write_text("\n".join(lines) + "\n")


def _shape(random: np.random.Generator, side: int, kind: str | None = None, size: str | None = None) -> Shape:
    """Whole within the picture."""
    least, most = SIZES[size or _choice(random, SIZES)]
    radius = float(random.uniform(least, most)) * side
    x, y = (float(value) for value in random.uniform(radius + 1, side - radius - 1, 2))
    angle = float(random.uniform(0, 2 * math.pi))
    return Shape(kind or _choice(random, CORNERS), _choice(random, COLORS), (x, y), radius, angle)


def _scattered(random: np.random.Generator, side: int, number: int) -> list[Shape]:
    """As many as find a place."""
    placed: list[Shape] = []
    for _ in range(MOST_TRIES):
        shape = _shape(random, side)
        if all(math.dist(shape.center, other.center) > shape.radius + other.radius for other in placed):
            placed.append(shape)
        if len(placed) == number:
            break
    return placed


def _draw(random: np.random.Generator, side: int, shapes: list[Shape], ground: str) -> Image.Image:
    """With noise, so that no two pictures are alike."""
    image = Image.new("RGB", (side, side), (GROUNDS[ground],) * 3)
    pen = ImageDraw.Draw(image)
    for shape in shapes:
        pen.polygon(shape.outline(), fill=COLORS[shape.color])
    noise = random.normal(0, 6, (side, side, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _annotation(shape: Shape, image_id: int, names: list[str]) -> dict[str, object]:
    outline = shape.outline()
    xs, ys = zip(*outline, strict=True)
    width, height = round(max(xs) - min(xs), 2), round(max(ys) - min(ys), 2)
    return {
        "image_id": image_id,
        "category_id": names.index(shape.kind) + 1,
        "bbox": [min(xs), min(ys), width, height],
        "segmentation": [[value for point in outline for value in point]],
        "area": round(_area(outline), 2),
        "iscrowd": 0,
    }


def _area(outline: list[Point]) -> float:
    following = outline[1:] + outline[:1]
    return (
        abs(sum(x * below - right * y for (x, y), (right, below) in zip(outline, following, strict=True))) / 2
    )


def _choice(random: np.random.Generator, names: Iterable[str]) -> str:
    return str(random.choice(list(names)))
