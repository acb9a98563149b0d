"""One file alone, packed or not, under the name that tells what it is; and which files are not alone."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import ModelyardError
from services.datasets.files import EntryIsDamaged, EntryIsTooLarge, leads_out
from services.datasets.files.compression import compression_of
from services.datasets.files.single import harmless
from services.datasets.files.tar_headers import is_header
from tests.integration.datasets.archives import image
from tests.unit.datasets.files.opening import MIB, contents, opened, write

CSV = b"path,label\na/1.png,cat\n" * 100


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"]}), buffer)
    return buffer.getvalue()


def tar_inside() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        made = tarfile.TarInfo("a.csv")
        made.size = len(CSV)
        file.addfile(made, io.BytesIO(CSV))
    return buffer.getvalue()


def zip_inside() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.csv", CSV)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("data.csv", CSV),
        ("data.jsonl", b'{"text": "a"}\n'),
        ("data.parquet", parquet()),
        ("notes.txt", b"ustar" * 200),
        ("one.png", image()),
        ("nothing.csv", b""),
        ("zeros.bin", bytes(10240)),
        ("BZh.txt", b"BZh9 is how a bzip2 file begins"),
    ],
)
def test_a_file_alone_is_itself(tmp_path: Path, name: str, data: bytes) -> None:
    path = write(tmp_path / "upload", data)

    assert contents(path, name) == {name: data}
    with opened(path, name) as files:
        assert files.local(files.entries()[0]) == path
        assert list(files.folders()) == []


@pytest.mark.parametrize(
    ("name", "inner", "data"),
    [
        ("data.csv.gz", "data.csv", gzip.compress(CSV)),
        ("data.jsonl.bz2", "data.jsonl", bz2.compress(CSV)),
        ("DATA.CSV.XZ", "DATA.CSV", lzma.compress(CSV)),
        ("data.csv.zst", "data.csv", pa.compress(CSV, codec="zstd", asbytes=True)),
        ("data.csv", "data.csv", gzip.compress(CSV)),
        ("data.csv.gz", "data.csv", gzip.compress(CSV[:9]) + gzip.compress(CSV[9:])),
    ],
)
def test_a_packed_file_alone_is_unpacked_under_the_name_inside(
    tmp_path: Path, name: str, inner: str, data: bytes
) -> None:
    assert contents(write(tmp_path / "upload", data), name) == {inner: CSV}


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("a.csv", zip_inside(), {"a.csv": CSV}),
        ("a.csv", tar_inside(), {"a.csv": CSV}),
        ("a.csv.gz", gzip.compress(tar_inside()), {"a.csv": CSV}),
        ("download", bz2.compress(tar_inside()), {"a.csv": CSV}),
        ("x.zip", tar_inside(), {"a.csv": CSV}),
        ("x.tar", zip_inside(), {"a.csv": CSV}),
        ("a.zip.gz", gzip.compress(zip_inside()), {"a.zip": zip_inside()}),
        ("a.tar.gz.gz", gzip.compress(gzip.compress(CSV)), {"a.tar.gz": gzip.compress(CSV)}),
    ],
)
def test_bytes_tell_what_it_is_whatever_it_is_called(
    tmp_path: Path, name: str, data: bytes, found: dict[str, bytes]
) -> None:
    assert contents(write(tmp_path / "upload", data), name) == found


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tgz", "X.TAR.ZST"])
def test_what_is_called_an_archive_and_is_none_is_told(tmp_path: Path, name: str) -> None:
    for data in (CSV, b"Rar!\x1a\x07\x00", gzip.compress(CSV)[: -4 if name.endswith("z") else -1]):
        with pytest.raises(ModelyardError) as refused, opened(write(tmp_path / "upload", data), name):
            pass
        assert refused.value.code == "archive_corrupt"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_has_limits_too(tmp_path: Path, pack) -> None:
    path = write(tmp_path / "upload", pack(bytes(30 * MIB)))
    cut = write(tmp_path / "cut", pack(CSV)[:-3])

    for source, code in ((path, "archive_bomb"), (cut, "archive_corrupt")):
        with pytest.raises(ModelyardError) as refused, opened(source, "data.csv.gz"):
            pass
        assert refused.value.code == code
    assert contents(path, "data.csv.gz", max_ratio=10**6) == {"data.csv": bytes(30 * MIB)}


def test_a_sample_may_be_too_large_and_a_file_may_shrink(tmp_path: Path) -> None:
    path = write(tmp_path / "upload", b"x" * 101)

    with opened(path, "a.txt", max_entry_bytes=100) as files, pytest.raises(EntryIsTooLarge):
        files.read(files.entries()[0])
    with opened(path, "a.txt") as files:
        path.write_bytes(b"x")
        with pytest.raises(EntryIsDamaged):
            files.read(files.entries()[0])


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelyardError) as refused, opened(tmp_path / "gone", "a.csv"):
        pass

    assert refused.value.code == "source_not_found"


@given(st.text())
def test_no_name_leads_anywhere(name: str) -> None:
    harmed = harmless(name)

    assert harmed and "/" not in harmed and not leads_out(harmed)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("a.csv", "a.csv"),
        ("../../etc/a.csv", "a.csv"),
        ("C:\\data\\a.csv", "a.csv"),
        ("a:b.csv", "file.csv"),
        ("..", "file"),
        ("folder/", "folder"),
        ("", "file"),
    ],
)
def test_a_name_keeps_its_ending(name: str, known: str) -> None:
    assert harmless(name) == known


@given(st.text(min_size=512, max_size=600))
def test_no_text_is_taken_for_an_archive(text: str) -> None:
    data = text.encode(errors="replace")

    assert not is_header(data[:512])
    assert compression_of(data) is None
