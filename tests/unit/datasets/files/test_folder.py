"""Folders of this machine: all files in a fixed order, no link followed, nothing that changed is read."""

import os
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given

from libs.common.errors import ModelyardError
from services.datasets.files import EntryIsDamaged, EntryIsTooLarge
from tests.unit.datasets.files.opening import contents, opened, trees


def folder(root: Path, files: Mapping[str, bytes]) -> Path:
    root.mkdir(exist_ok=True)
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def refusal(root: Path, **limits: int) -> ModelyardError:
    with pytest.raises(ModelyardError) as refused, opened(root, **limits):
        pass
    return refused.value


@given(trees)
def test_what_was_written_is_listed_and_read_back(tree: Mapping[str, bytes]) -> None:
    assume(all(len(part.encode()) <= 255 for path in tree for part in path.split("/")))
    with tempfile.TemporaryDirectory() as place:
        assert contents(folder(Path(place) / "data", tree)) == tree


def test_files_come_by_name_folder_by_folder(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", dict.fromkeys(["b/2", "b/10", "a.txt", "b.txt", "a/z/1", "a/1"], b"x"))
    (root / "empty" / "inner").mkdir(parents=True)

    with opened(root) as files:
        assert [each.path for each in files.entries()] == ["a.txt", "b.txt", "a/1", "a/z/1", "b/10", "b/2"]
        assert files.folders() == ["a", "b", "empty", "a/z", "empty/inner"]
        assert files.local(files.entries()[-1]) == root / "b/2"


def test_names_in_no_encoding_are_shown_as_far_as_they_can_be(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", {})
    with open(os.fsencode(root) + b"/caf\xe9.txt", "wb") as file:
        file.write(b"here")

    assert contents(root) == {"café.txt": b"here"}


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to(path.parent / "good.txt"),
        lambda path: path.symlink_to(path.parent, target_is_directory=True),
        lambda path: path.symlink_to("nowhere"),
        os.mkfifo,
    ],
)
def test_links_and_pipes_refuse_the_folder(tmp_path: Path, make: Callable[[Path], None]) -> None:
    root = folder(tmp_path / "data", {"good.txt": b"x", "deep/good.txt": b"x"})
    make(root / "deep" / "odd")

    refused = refusal(root)

    assert (refused.code, "deep/odd" in refused.detail) == ("archive_has_links", True)


def test_a_socket_refuses_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = folder(tmp_path / "data", {"good.txt": b"x"})
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as odd:
        odd.bind("odd")

        assert refusal(root).code == "archive_has_links"


def replaced_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def folder_replaced_by_link(path: Path) -> None:
    elsewhere = path.parent.with_name("elsewhere")
    path.parent.rename(elsewhere)
    path.parent.symlink_to(elsewhere, target_is_directory=True)


def replaced_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "change",
    [
        Path.unlink,
        replaced_by_link,
        folder_replaced_by_link,
        replaced_by_pipe,
        lambda path: path.write_bytes(b"longer than before"),
        lambda path: path.write_bytes(b""),
    ],
)
def test_a_file_that_changed_after_it_was_listed_is_damaged(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    root = folder(tmp_path / "data", {"a/1": b"one", "b/2": b"two"})

    with opened(root) as files:
        gone, good = files.entries()
        change(root / "a" / "1")
        for read in (files.read, files.open, files.local):
            with pytest.raises(EntryIsDamaged):
                read(gone)
        assert files.read(good) == b"two"


def test_another_process_sees_what_was_listed_first(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", {"b/1": b"one"})

    with opened(root) as first:
        listed = first.entries()
        (root / "b" / "0").write_bytes(b"late")
        with opened(root) as second:
            assert second.entries() == listed
            assert second.read(listed[0]) == b"one"


def test_limits_hold_while_it_is_listed(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", {"a": b"12345", "b": b"12345"})

    assert refusal(root, max_entries=1).code == "source_too_large"
    assert refusal(root, max_unpacked_bytes=9).code == "source_too_large"
    with opened(root, max_entries=2, max_unpacked_bytes=10, max_entry_bytes=4, max_table_bytes=1) as files:
        entry = files.entries()[0]
        with pytest.raises(EntryIsTooLarge):
            files.read(entry)
        # Where it lies: nothing is unpacked for it.
        assert files.local(entry).read_bytes() == b"12345"


def test_what_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    (tmp_path / "data" / "a").mkdir(parents=True)

    assert refusal(tmp_path / "data").code == "archive_empty"
    assert refusal(tmp_path / "nowhere").code == "source_not_found"


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    root, other = folder(tmp_path / "data", {"a/b/1": b"one"}), folder(tmp_path / "other", {"a/1": b"one"})
    before = len(list(Path("/proc/self/fd").iterdir()))

    with opened(root) as files:
        entry = files.entries()[0]
        files.read(entry)
        files.local(entry)
        with files.open(entry) as stream:
            stream.read(1)
    refusal(other, max_entries=1)

    assert len(list(Path("/proc/self/fd").iterdir())) == before
