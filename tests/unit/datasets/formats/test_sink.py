"""The ZIP of an export: what it holds, what it refuses, that it is always the same."""

import zipfile
from pathlib import Path

import pytest

from services.datasets.formats.outgoing import Names
from services.datasets.formats.sink import PathIsRefused, ZipSink
from tests.unit.datasets.formats.trips import Sample


def test_images_are_stored_and_texts_are_pressed(tmp_path: Path) -> None:
    with ZipSink(tmp_path / "a.zip") as sink:
        sink.add("images/a.PNG", b"x" * 1000)
        with sink.open("labels.csv") as file:
            for _ in range(1000):
                file.write(b"a,b\n")

    with zipfile.ZipFile(tmp_path / "a.zip") as written:
        stored, pressed = written.infolist()
        assert stored.compress_size == 1000
        assert pressed.compress_size < 100
        assert written.read("labels.csv") == b"a,b\n" * 1000
        assert written.testzip() is None


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with ZipSink(tmp_path / name) as sink:
            sink.add("x/ü.txt", b"1")
            with sink.open("y.json") as file:
                file.write(b"{}")

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", "C:a", "a\\..\\b", "a\0b", "", ".", "a/", "./a"])
def test_a_path_that_is_not_plain_is_refused(tmp_path: Path, path: str) -> None:
    with ZipSink(tmp_path / "a.zip") as sink, pytest.raises(PathIsRefused):
        sink.add(path, b"")


def test_a_path_that_is_there_is_refused(tmp_path: Path) -> None:
    with ZipSink(tmp_path / "a.zip") as sink:
        sink.add("a", b"1")
        with pytest.raises(PathIsRefused):
            sink.open("a")


def test_names_of_an_export_are_plain_and_each_there_once(tmp_path: Path) -> None:
    names = Names()
    wanted = [
        "a/1.png",
        "a/1.png",
        "A/1.PNG",
        "../../etc/passwd",
        "C:\\x\\y.png",
        "a//b/./c.png",
        "/",
    ]

    given = [names.of(Sample(name), "images") for name in wanted]

    assert given == [
        "images/a/1.png",
        "images/a/1-2.png",
        "images/A/1-3.PNG",
        "images/etc/passwd",
        "images/C_/x/y.png",
        "images/a/b/c.png",
        "images/sample",
    ]
    with ZipSink(tmp_path / "a.zip") as sink:
        for path in given:
            sink.add(path, b"")


def test_names_that_differ_in_their_suffix_alone_are_told_apart_where_labels_stand_beside() -> None:
    names = Names({".png", ".jpg"}, is_stem_unique=True)

    given = [names.of(Sample(name)) for name in ("a.jpg", "a.png", "b", "b.PNG", "c.v2")]

    assert given == ["a.jpg", "a-2.png", "b.png", "b-2.PNG", "c.v2.png"]
