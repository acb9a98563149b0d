"""Bad samples among good ones: each is named with its reason, nothing good is lost, the counts add up."""

import asyncio
import io
import json
import struct
import time
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from libs.common.contracts.annotations import BoxAnnotation, LabelAnnotation
from libs.common.contracts.datasets import DatasetFailed
from libs.common.contracts.imports import FormatOptions, ImportReport
from libs.common.contracts.jobs import JobFailed
from libs.common.contracts.samples import Sample
from tests.integration.datasets import odd_images
from tests.integration.datasets.accounts import accounted
from tests.integration.datasets.archives import archive, image
from tests.integration.datasets.desk import Desk
from tests.integration.datasets.room import RoomProcess

# Two colours, as far as the kind of image has any; JPEG and 256 colours are near enough.
SIDES = {"16-bit.png": ((233, 233, 233), (11, 11, 11)), "one-bit.png": ((255, 255, 255), (0, 0, 0))}
RED_AND_BLUE = ((254, 0, 0), (0, 0, 254))
SECONDS, MEGABYTES = 20, 450
NUL, HALF = "a\0b", "a\ud800b"


async def _imported(desk: Desk, content: bytes, **fields: Any) -> tuple[ImportReport, dict[str, Sample]]:
    dataset = await desk.imported(content, **fields)
    report = await accounted(desk, dataset.id)
    return report, {sample.name: sample for sample in await desk.samples(dataset.id)}


async def _failed(desk: Desk, content: bytes, **fields: Any) -> DatasetFailed:
    """At the first attempt, with words."""
    made = await desk.create(content, **fields)
    fact = await desk.settled(made.id)
    assert isinstance(fact, DatasetFailed)
    assert "Traceback" not in fact.detail
    assert (await desk.house.wait_for(JobFailed, job_id=made.job_id)).attempt == 1
    return fact


def _told(report: ImportReport) -> set[tuple[str, int | None, str, str]]:
    return {(each.path, each.row, each.code, each.outcome) for each in report.problems.items}


@asynccontextmanager
async def _watched(room: RoomProcess) -> AsyncIterator[list[int]]:
    """The most megabytes that any process below the room held meanwhile."""
    most = [0]

    async def watch() -> None:
        while True:
            most[0] = max([most[0], *map(_most_megabytes, room.children())])
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    yield most
    watching.cancel()


def _most_megabytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


async def test_rare_images_are_imported_as_they_look(desk: Desk) -> None:
    content = odd_images.rare()

    report, samples = await _imported(desk, archive(content))

    assert (report.num_found, report.num_imported) == (len(content), len(content))
    assert samples.keys() == content.keys()
    for name, sample in samples.items():
        assert (sample.width, sample.height) == (odd_images.WIDTH, odd_images.HEIGHT), name
        assert await desk.content(sample) == content[name]
        thumbnail = Image.open(io.BytesIO(await desk.content(sample, "thumbnail")))
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (odd_images.WIDTH, odd_images.HEIGHT))
        for place, expected in zip(((5, 12), (35, 12)), SIDES.get(name, RED_AND_BLUE), strict=True):
            seen = thumbnail.convert("RGB").getpixel(place)
            assert isinstance(seen, tuple)
            assert all(abs(one - other) < 12 for one, other in zip(seen, expected, strict=True)), (name, seen)


async def test_what_is_no_image_or_a_trap_costs_little_and_is_named(desk: Desk, room: RoomProcess) -> None:
    bad, good = odd_images.none(), {f"good-{number}.png": image(number) for number in range(3)}
    begun = time.monotonic()

    async with _watched(room) as megabytes:
        report, samples = await _imported(desk, archive({name: each[0] for name, each in bad.items()} | good))

    assert time.monotonic() - begun < SECONDS
    assert 0 < megabytes[0] < MEGABYTES
    assert samples.keys() == good.keys()
    assert _told(report) == {(name, None, code, "rejected") for name, (_, code, _) in bad.items()}
    messages = {each.path: each.message for each in report.problems.items}
    assert all(word in messages[name] for name, (_, _, word) in bad.items())


def _lying(content: bytes, name: str, size_bytes: int) -> bytes:
    """Both headers of this entry say this size."""
    changed = bytearray(content)
    for mark, size_at, name_at in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        place = changed.find(mark)
        while changed[place + name_at : place + name_at + len(name)] != name.encode():
            place = changed.find(mark, place + 4)
        struct.pack_into("<L", changed, place + size_at, size_bytes)
    return bytes(changed)


@pytest.mark.filterwarnings("ignore:Duplicate name")
async def test_odd_entries_of_an_archive_cost_nobody_else_his_place(desk: Desk) -> None:
    bomb = archive({"bomb.png": bytes(60 * 2**20)}, zipfile.ZIP_DEFLATED)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a/1.png", image(1))
        file.writestr("a/1.png", image(2))
        file.writestr("a/says-less.png", bytes(9 * 2**20))
        file.writestr("a/nested.zip", bomb)
        file.writestr("b/nested.png", bomb)
        file.writestr("b/same.png", image(1))
        file.writestr("b/2.png", image(3))
        file.writestr(f"b/{'日本' * 149}.png", image(4))
        file.writestr("b/e\u0301.png", image(5))
        file.writestr("b/é.png", image(6))
        file.writestr("b/CON .png", image(7))
        file.writestr("b/\u202egnp.exe.png", image(8))
        file.writestr(f"b/{'n' * 3000}.png", image(9))
    content = _lying(buffer.getvalue(), "a/says-less.png", 100)

    report, samples = await _imported(desk, content)

    long = f"b/{'日本' * 149}.png"
    kept = {"a/1.png", "b/2.png", long, "b/e\u0301.png", "b/é.png", "b/CON .png", "b/\u202egnp.exe.png"}
    assert samples.keys() == kept
    assert _told(report) == {
        ("a/1.png", None, "name_repeated", "rejected"),
        ("a/says-less.png", None, "entry_damaged", "rejected"),
        ("a/nested.zip", None, "not_an_image", "rejected"),
        ("b/nested.png", None, "image_unreadable", "rejected"),
        ("b/same.png", None, "duplicate_contradicts", "duplicate"),
        (f"b/{'n' * 3000}.png", None, "name_too_long", "rejected"),
    }
    assert await desk.content(samples[long]) == image(4)


def _coco() -> dict[str, Any]:
    """Annotations by what is wrong with them; rows count from 1."""
    on_first = {"image_id": 1, "category_id": 1}
    boxes: list[Any] = [
        on_first | {"bbox": [1, 2, 30, 20]},
        on_first | {"bbox": [50, 40, 30, 20]},
        on_first | {"bbox": [5, 5, 0, 10]},
        on_first | {"bbox": [100, 100, 5, 5]},
        on_first | {"bbox": [float("nan"), 1, 2, 3]},
        on_first | {"bbox": [1, 1, float("inf"), 3]},
        on_first | {"bbox": [1, 2]},
        on_first | {"bbox": [1, 2, 9, 9], "category_id": 77},
        on_first | {"bbox": [1, 2, 9, 9], "category_id": 2},
        on_first | {"bbox": [1, 2, 9, 9], "image_id": 99},
        on_first | {"bbox": [1, 2, 9, 9], "image_id": 2},
        on_first | {"bbox": [1, 2, 30, 20]},
        on_first | {"bbox": [1e300, 2, 1e300, 20]},
        on_first | {"segmentation": [[1, 1, 2, 2]]},
        on_first | {"segmentation": {"counts": "!!", "size": [48, 64]}},
        ["no object"],
        on_first | {"image_id": 4, "bbox": [1, 2, 9, 9]},
    ]
    return {
        "images": [
            {"id": 1, "file_name": "0.png"},
            {"id": 2, "file_name": "missing.png"},
            {"id": 3, "file_name": NUL},
            {"id": 4, "file_name": "broken.png"},
            {"id": 5, "file_name": "../../etc/passwd"},
            {"id": 6, "file_name": "1.png", "video": HALF, "camera": "left"},
        ],
        "annotations": boxes,
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": HALF}],
    }


async def test_coco_keeps_what_is_right_and_names_every_row_that_is_not(desk: Desk) -> None:
    files = {f"images/{number}.png": image(number, 64, 48) for number in range(3)}
    files |= {
        "images/broken.png": b"no image",
        "annotations/instances_train.json": json.dumps(_coco()).encode(),
    }

    report, samples = await _imported(desk, archive(files))

    assert {name.removeprefix("images/") for name in samples} == {"0.png", "1.png"}
    first = next(sample for name, sample in samples.items() if name.endswith("0.png"))
    assert first.annotations == (
        BoxAnnotation(label="cat", x=1, y=2, width=30, height=20),
        BoxAnnotation(label="cat", x=50, y=40, width=14, height=8),
    )
    rows = {each.row for each in report.problems.items if each.level == "annotation"}
    assert rows == set(range(2, 17))
    assert report.annotations.num_found == 17
    assert (report.annotations.num_imported, report.annotations.num_repaired) == (2, 1)
    assert report.annotations.num_duplicates == 1
    assert report.num_found == 7 and report.num_imported == 2
    assert report.classes[0].name == "cat"


async def test_yolo_keeps_what_is_right_and_names_every_row_that_is_not(desk: Desk) -> None:
    lines = [
        "0 .5 .5 .2 .2", "7 .5 .5 .2 .2", "-1 .5 .5 .2 .2", "0 .5 .5 0 .2", "0 5 5 .1 .1", "0 .95 .5 .2 .2",
        "0 nan .5 .2 .2", "0 .5 .5", "cat .5 .5 .2 .2", "0.5 .5 .5 .2 .2", "0 1e999 .5 .2 .2",
        "99999999999999999999 .5 .5 .2 .2", "0 .5 .5 .2 .2",
    ]  # fmt: skip
    files = {f"images/{number}.png": image(number, 64, 48) for number in range(4)}
    files |= {
        "data.yaml": b"names: [cat, dog]\n",
        "labels/0.txt": "\n".join(lines).encode(),
        "labels/1.txt": b"\xff\xfe\x00",
        "labels/2.txt": b"1 .5 .5 .5 .5\n",
        "labels/nothing.txt": b"0 .5 .5 .2 .2\n",
        "labels/3.txt": b"0 .5 .5 .2 .2\n0 .5 \0 .2 .2\n",
    }

    report, samples = await _imported(desk, archive(files))

    labels = {
        name.rpartition("/")[2]: [getattr(each, "label", None) for each in sample.annotations]
        for name, sample in samples.items()
    }
    assert labels == {"0.png": ["cat", "cat"], "2.png": ["dog"], "3.png": ["cat"]}
    told = {(each.path, each.row): each.code for each in report.problems.items}
    assert told == {
        **dict.fromkeys([("labels/0.txt", row) for row in (2, 3, 10, 12)], "class_unknown"),
        **dict.fromkeys([("labels/0.txt", row) for row in (7, 8, 9, 11)], "line_invalid"),
        ("labels/0.txt", 4): "box_empty",
        ("labels/0.txt", 5): "not_relative",
        ("labels/0.txt", 6): "box_clipped",
        ("labels/0.txt", 13): "annotation_repeated",
        ("images/1.png", None): "labels_unreadable",
        ("labels/3.txt", 2): "line_invalid",
        ("labels/nothing.txt", None): "image_missing",
    }
    assert (report.annotations.num_found, report.annotations.num_imported) == (16, 4)


TABLE = "path,label,score\nimages/0.png,cat,1\n"


async def test_a_table_keeps_its_good_rows_and_names_the_others(desk: Desk) -> None:
    rows = [
        "images/0.png,cat,1.5", "images/missing.png,cat,1", "images/0.png,dog,2", "images/1.png,dog,NaN",
        "images/1.png", ",cat,1", "../../etc/passwd,cat,1", "images/2.png,c\0t,1", "images/broken.png,cat,1",
        f"images/3.png,{'x' * 301},3", 'images/4.png,"cat', "dog,4",
    ]  # fmt: skip
    files = {f"images/{number}.png": image(number) for number in range(5)} | {"images/broken.png": b"x"}
    files["table.csv"] = "\n".join(["path,label,score", *rows]).encode()

    report, samples = await _imported(desk, archive(files))

    kept = {name.rpartition("/")[2]: len(sample.annotations) for name, sample in samples.items()}
    assert kept.keys() == {"0.png", "1.png", "2.png", "3.png"}
    told = {(each.path, each.row, each.code) for each in report.problems.items if each.outcome == "rejected"}
    assert told == {
        ("table.csv", 3, "file_missing"),
        ("table.csv", 5, "target_invalid"),
        ("table.csv", 6, "name_repeated"),
        ("table.csv", 7, "file_missing"),
        ("table.csv", 8, "path_escapes"),
        ("table.csv", 9, "nul_character"),
        ("table.csv", 11, "label_invalid"),
        ("table.csv", 12, "quote_not_closed"),
        ("images/4.png", None, "not_in_table"),
        ("images/broken.png", None, "image_unreadable"),
    }


@pytest.mark.parametrize(
    ("files", "options", "code", "words"),
    [
        ({"t.csv": TABLE.encode()}, {"path_column": "file"}, "column_missing", "'file'"),
        ({"t.csv": TABLE.encode()}, {"label_columns": ("kind",)}, "column_missing", "'kind'"),
        (
            {"t.csv": "path,label\nimages/0.png,größer\n".encode("latin-1")},
            {},
            "encoding_wrong",
            "windows-1252",
        ),
        ({"t.csv": TABLE.encode()}, {"encoding": "base64"}, "encoding_unknown", "base64"),
        ({"t.csv": f"path,{NUL}\nimages/0.png,x\n".encode()}, {}, "table_damaged", "NUL"),
        ({"a.json": b'{"images": [{"file_name": "0.png"'}, {}, "dataset_empty", "not JSON"),
    ],
    ids=[
        "no such path column",
        "no such label column",
        "another encoding",
        "no encoding",
        "NUL",
        "half a JSON",
    ],
)
async def test_what_cannot_be_read_at_all_fails_by_name(
    desk: Desk, files: Mapping[str, bytes], options: Mapping[str, Any], code: str, words: str
) -> None:
    content = archive({"images/0.png": image(0), **files})

    fact = await _failed(desk, content, options=FormatOptions.model_validate(options))

    assert fact.code == code
    assert words in fact.detail


async def test_the_right_encoding_makes_it_readable(desk: Desk) -> None:
    table = "path,label\nimages/0.png,größer\n".encode("latin-1")

    report, samples = await _imported(
        desk,
        archive({"images/0.png": image(0), "t.csv": table}),
        options=FormatOptions(encoding="windows-1252"),
    )

    (sample,) = samples.values()
    assert sample.annotations == (LabelAnnotation(label="größer"),)
    assert report.num_imported == 1


async def test_texts_that_no_database_takes_are_refused_row_by_row(desk: Desk) -> None:
    rows = [
        {"text": "fine", "label": "x"},
        {"text": NUL, "label": "x"},
        {"text": HALF, "label": "x"},
        {"text": "of a label", "label": HALF},
        {"text": "of a field", "label": "x", "source": NUL},
        {"text": "of a name", "label": "x", HALF: "y"},
        {"text": "fine, too", "label": "y"},
    ]
    content = archive({"rows.jsonl": "\n".join(map(json.dumps, rows)).encode()})

    report, samples = await _imported(desk, content)

    assert sorted(sample.excerpt or "" for sample in samples.values()) == ["fine", "fine, too"]
    assert {each.row for each in report.problems.items if each.outcome == "rejected"} == {2, 3, 4, 5, 6}


async def test_half_characters_of_another_encoding_are_refused_line_by_line(desk: Desk) -> None:
    content = archive({"texts.txt": b"one\n+2AA-\nthree +2AA- 3\nfour\n"})

    report, samples = await _imported(desk, content, options=FormatOptions(encoding="utf-7"))

    assert [sample.excerpt for sample in samples.values()] == ["one", "four"]
    assert {(each.row, each.code) for each in report.problems.items if each.outcome == "rejected"} == {
        (2, "text_invalid"),
        (3, "text_invalid"),
    }
