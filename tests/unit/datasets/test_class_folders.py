"""Class folders: which folder is the class, and what counts as data."""

import io
import zipfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from services.datasets.archive import Archive, leads_out, open_archive
from services.datasets.errors import FormatIsUnknown
from services.datasets.formats import check_name, detect
from services.datasets.formats.class_folders import ClassFolders
from services.datasets.settings import ArchiveLimits


def opened(tmp_path: Path, paths: Iterable[str]) -> AbstractContextManager[Archive]:
    """An archive of these paths; those that end with a slash are folders."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for path in paths:
            file.writestr(path, b"")
    (tmp_path / "archive").write_bytes(buffer.getvalue())
    return open_archive(tmp_path / "archive", ArchiveLimits())


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/1", "b/2"], ["a/1", "b/2"]),
        (["data/a/1", "data/b/2"], ["a/1", "b/2"]),
        (["x/y/a/1", "x/y/b/2"], ["a/1", "b/2"]),
        (["a/1", "a/2"], ["a/1", "a/2"]),
        (["data/a/1"], ["a/1"]),
        (["data/a/deep/1", "data/b/2"], ["a/deep/1", "b/2"]),
        (["README.md", "data/a/1", "data/b/2", "data/LICENSE"], ["a/1", "b/2"]),
        (["data/", "data/a/", "data/a/1", "data/b/", "data/b/2"], ["a/1", "b/2"]),
        (["__MACOSX/data/a/._1", "data/a/1", "data/b/2"], ["a/1", "b/2"]),
        (["x/a/1", "y/a/2"], ["x/a/1", "y/a/2"]),
    ],
)
def test_the_topmost_folder_with_choices_below_holds_the_classes(
    tmp_path: Path, paths: list[str], names: list[str]
) -> None:
    with opened(tmp_path, paths) as archive:
        plan = ClassFolders().read(archive)

    assert [found.name for found in plan.samples] == names
    assert plan.classes == {name.partition("/")[0] for name in names}
    num_files = sum(not path.endswith("/") for path in paths)
    assert len(plan.samples) + len(plan.problems) == num_files


def test_an_empty_folder_is_a_class_that_must_not_stay_empty(tmp_path: Path) -> None:
    with opened(tmp_path, ["data/a/1", "data/empty/", "__MACOSX/data/"]) as archive:
        assert ClassFolders().read(archive).classes == {"a", "empty"}


def test_a_folder_without_a_name_is_no_class(tmp_path: Path) -> None:
    with opened(tmp_path, ["a//1", "a/b/2", "a/ /3"]) as archive:
        plan = ClassFolders().read(archive)

    assert [found.name for found in plan.samples] == ["b/2"]
    assert [problem.code for problem in plan.problems] == ["class_name_invalid"] * 2


def test_files_without_folders_look_like_no_format(tmp_path: Path) -> None:
    with opened(tmp_path, ["1.png", "__MACOSX/._1.png"]) as archive, pytest.raises(FormatIsUnknown):
        detect(archive)
    with pytest.raises(FormatIsUnknown, match="there are class_folders"):
        check_name("tfrecord")


@pytest.mark.parametrize(
    ("path", "does"),
    [
        ("a/b.png", False),
        ("a/..b/c..png", False),
        ("a/b:c.png", False),
        ("../a", True),
        ("a/../../b", True),
        ("a\\..\\b", True),
        ("/a", True),
        ("\\\\host\\a", True),
        ("C:\\a", True),
        ("a\0.png", True),
    ],
)
def test_paths_that_lead_out_of_an_archive_are_known(path: str, does: bool) -> None:
    assert leads_out(path) is does
