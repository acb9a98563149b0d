"""Sample data: what is promised is there, it is the same each time, and it says what it shows."""

import csv
import hashlib
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from libs.common.contracts.sources import SampleSource
from services.datasets.errors import SourceNotFound
from services.datasets.settings import Settings
from services.datasets.sources import check, fetch, is_there
from services.datasets.sources.sample import SAMPLES
from tests.unit.datasets.sources.reaching import Told, resources


async def made(name: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    found = await fetch(SampleSource(name=name), folder, resources(), Told())
    assert found.filename == found.path.name
    return found.path


def digest(path: Path) -> dict[str, str]:
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return {
        str(each.relative_to(path.parent)): hashlib.sha256(each.read_bytes()).hexdigest() for each in files
    }


def picture(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


@pytest.mark.parametrize("name", SAMPLES)
async def test_it_is_the_same_each_time(name, tmp_path):
    first, second = await made(name, tmp_path / "1"), await made(name, tmp_path / "2")
    assert digest(first) == digest(second)
    assert await is_there(SampleSource(name=name), resources())


async def test_another_name_is_refused_with_those_there_are():
    source = SampleSource(name="elephants")
    with pytest.raises(SourceNotFound, match="shapes-detection"):
        await check(source, Settings())
    assert not await is_there(source, resources())


async def test_shapes_are_sixty_pictures_of_each_class(tmp_path):
    pictures = list((await made("shapes", tmp_path)).rglob("*.png"))
    assert Counter(each.parent.name for each in pictures) == {"circle": 60, "square": 60, "triangle": 60}
    assert {picture(each).size for each in pictures} == {(64, 64)}
    assert len({each.read_bytes() for each in pictures}) == 180


async def test_boxes_lie_around_their_polygons_and_in_their_pictures(tmp_path):
    folder = await made("shapes-detection", tmp_path)
    content = json.loads((folder / "annotations.json").read_text())
    assert len(content["images"]) == 80
    assert {picture(folder / image["file_name"]).size for image in content["images"]} == {(128, 128)}
    assert {each["image_id"] for each in content["annotations"]} == {each["id"] for each in content["images"]}
    assert {each["category_id"] for each in content["annotations"]} == {1, 2, 3}
    for annotation in content["annotations"]:
        x, y, width, height = annotation["bbox"]
        (outline,) = annotation["segmentation"]
        xs, ys = outline[::2], outline[1::2]
        assert (min(xs), min(ys)) == (x, y)
        assert (max(xs), max(ys)) == pytest.approx((x + width, y + height))
        assert x >= 0
        assert y >= 0
        assert x + width <= 128
        assert y + height <= 128
        assert 0 < annotation["area"] <= width * height


async def test_a_box_shows_the_colour_of_its_shape(tmp_path):
    """The middle of a shape differs from the corner of the picture, which no shape covers wholly."""
    folder = await made("shapes-detection", tmp_path)
    content = json.loads((folder / "annotations.json").read_text())
    for annotation in content["annotations"]:
        image = picture(folder / content["images"][annotation["image_id"] - 1]["file_name"])
        outline = annotation["segmentation"][0]
        middle = sum(outline[::2]) / len(outline[::2]), sum(outline[1::2]) / len(outline[1::2])
        red, green, blue = image.getpixel((int(middle[0]), int(middle[1])))
        assert max(red, green, blue) - min(red, green, blue) > 60


async def test_captions_name_pictures_that_are_there(tmp_path):
    folder = await made("captions", tmp_path)
    lines = [json.loads(line) for line in (folder / "captions.jsonl").read_text().splitlines()]
    assert len(lines) == 60
    assert all((folder / line["image"]).is_file() for line in lines)
    assert all(line["caption"].startswith("a ") for line in lines)


async def test_sentences_are_different_and_of_three_labels(tmp_path):
    lines = [json.loads(line) for line in (await made("sentences", tmp_path)).read_text().splitlines()]
    assert len({line["text"] for line in lines}) == 200
    assert Counter(line["label"] for line in lines).keys() == {"praise", "complaint", "question"}


async def test_measurements_have_a_number_to_predict(tmp_path):
    with (await made("measurements", tmp_path)).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    assert len({float(row["target"]) for row in rows}) > 150
