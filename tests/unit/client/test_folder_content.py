"""A folder as a TAR: any range of it is the same as of the whole, and the whole is a TAR."""

import io
import os
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.client.uploads.content import ContentChanged
from libs.client.uploads.folder import FolderContent
from libs.common.errors import BadInput

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60)
USABLE = NAMES.filter(lambda name: name not in (".", "..") and len(name.encode()) <= 255)
FILES = st.dictionaries(USABLE, st.binary(max_size=1500), min_size=1, max_size=6)


def _filled(folder: Path, files: dict[str, bytes]) -> FolderContent:
    (folder / "inner").mkdir()
    for name, content in files.items():
        (folder / "inner" / name).write_bytes(content)
    return FolderContent(folder)


def _read(content: FolderContent, start: int, size_bytes: int) -> bytes:
    return b"".join(content.chunks(start, size_bytes))


@given(FILES, st.data())
def test_every_range_is_that_of_the_whole_which_is_a_tar(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    with TemporaryDirectory() as made:
        content = _filled(Path(made), files)
        whole = _read(content, 0, content.size_bytes)
        start = data.draw(st.integers(0, content.size_bytes))
        end = data.draw(st.integers(start, content.size_bytes))

        assert len(whole) == content.size_bytes
        assert _read(content, start, end - start) == whole[start:end]
        with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
            found = {each.name: tar.extractfile(each) for each in tar if each.isfile()}
            assert {name: file.read() for name, file in found.items() if file} == {
                f"inner/{name}": written for name, written in files.items()
            }


def test_a_name_that_is_no_unicode_arrives_as_it_is(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.bin")
    (tmp_path / name).write_bytes(b"x")
    content = FolderContent(tmp_path)
    with tarfile.open(fileobj=io.BytesIO(_read(content, 0, content.size_bytes))) as tar:
        assert tar.getnames() == [name]


def test_another_file_or_time_is_another_identity(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    first = FolderContent(tmp_path).identity
    assert FolderContent(tmp_path).identity == first
    os.utime(tmp_path / "one", ns=(0, 5))
    second = FolderContent(tmp_path).identity
    (tmp_path / "two").write_bytes(b"2")
    assert len({first, second, FolderContent(tmp_path).identity}) == 3


def test_a_file_that_grew_after_the_listing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    content = FolderContent(tmp_path)
    (tmp_path / "one").write_bytes(b"more")
    with pytest.raises(ContentChanged, match="was written to"):
        _read(content, 0, content.size_bytes)
    (tmp_path / "one").unlink()
    with pytest.raises(ContentChanged, match="can no longer be read"):
        _read(content, 0, content.size_bytes)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.mkdir()
    (elsewhere / "bird").write_bytes(b"heron")
    (data / "linked").symlink_to(elsewhere)
    content = FolderContent(data)
    with tarfile.open(fileobj=io.BytesIO(_read(content, 0, content.size_bytes))) as tar:
        assert tar.getnames() == ["linked", "linked/bird"]
    (elsewhere / "back").symlink_to(data)
    with pytest.raises(BadInput, match="a link to a folder that holds it"):
        FolderContent(data)


@pytest.mark.parametrize("odd", ["pipe", "broken link"])
def test_what_is_no_file_is_named(tmp_path: Path, odd: str) -> None:
    if odd == "pipe":
        os.mkfifo(tmp_path / odd)
    else:
        (tmp_path / odd).symlink_to("nowhere")
    with pytest.raises(BadInput, match=odd):
        FolderContent(tmp_path)
