"""ZIPs from strangers: read whole and right, or refused by name before a byte is unpacked."""

import io
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import ModelyardError
from services.datasets.files import EntryIsDamaged, EntryIsTooLarge
from services.datasets.files.zip_end import END, END64, LOCATOR
from tests.integration.datasets.archives import archive, encrypted, without_utf8_flags
from tests.unit.datasets.files.opening import MIB, contents, opened, trees, write

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
GOOD = {"a/1.png": b"one" * 1000, "b/2.png": b"two" * 1000}


def info(name: str, kind: int = 0) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system = 3
    made.external_attr = (kind | 0o777) << 16 if kind else 0
    return made


def refusal(path: Path, **limits: int) -> ModelyardError:
    with pytest.raises(ModelyardError) as refused, opened(path, "data.zip", **limits):
        pass
    return refused.value


def directory_changed(data: bytes, name: bytes, place: int, layout: str, *values: int) -> bytes:
    """With other values in the directory's last record of this name; `place` counts from its start."""
    changed = bytearray(data)
    records = (found.start() for found in re.finditer(rb"PK\x01\x02", data))
    start = max(place for place in records if data.startswith(name, place + 46))
    struct.pack_into(layout, changed, start + place, *values)
    return bytes(changed)


@given(trees, st.sampled_from(METHODS))
def test_what_was_written_is_listed_and_read_back(tree: Mapping[str, bytes], method: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "data.zip", archive(tree, method))

        assert contents(path) == tree


@given(st.binary(max_size=2000), st.integers(0, 5000), st.sampled_from(METHODS))
def test_bytes_that_change_on_the_way_are_refused_by_name_or_read_right(
    junk: bytes, place: int, method: int
) -> None:
    data = archive(GOOD, method)
    place %= len(data)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "data.zip", data[:place] + junk + data[place + len(junk) :])
        with suppress(ModelyardError), opened(path, "data.zip") as files:
            for entry in files.entries():
                assert zlib.crc32(files.read(entry)) == entry.checksum


def test_entries_stand_in_the_archives_order_and_doubles_are_both_there(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "w") as file:
        for name, data in (("b", b"1"), ("a/", b""), ("a/x", b"22"), ("b", b"333"), ("empty/", b"")):
            file.writestr(name, data)

    with opened(write(tmp_path / "data", buffer.getvalue())) as files:
        assert [(each.number, each.path, each.size_bytes) for each in files.entries()] == [
            (0, "b", 1),
            (2, "a/x", 2),
            (3, "b", 3),
        ]
        assert [files.read(each) for each in files.entries()] == [b"1", b"22", b"333"]
        assert files.folders() == ["a", "empty"]


def test_names_are_what_their_packer_meant(tmp_path: Path) -> None:
    def windows(name: str) -> zipfile.ZipInfo:
        made = info(name)
        made.create_system = 0
        return made

    with_field = info("x.png")
    with_field.extra = struct.pack("<HHBL", 0x7075, 5 + 8, 1, zlib.crc32(b"x.png")) + "żó.png".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in ("ä/1.png", "./dots/./2.png", windows("cats\\3.png"), info("back\\4.png"), with_field):
            file.writestr(name, b"x")
        file.writestr("n" * 5000, b"x")
    known = ["ä/1.png", "dots/2.png", "cats/3.png", "back\\4.png", "żó.png", "n" * 5000]

    assert list(contents(write(tmp_path / "flagged", buffer.getvalue()))) == known
    assert list(contents(write(tmp_path / "not", without_utf8_flags(buffer.getvalue())))) == known


def test_names_of_the_old_code_page_are_read(tmp_path: Path) -> None:
    data = archive({"x.png": b"1"}).replace(b"x.png", b"\x84.png")

    assert contents(write(tmp_path / "data", data)) == {"ä.png": b"1"}


def test_an_archive_behind_a_program_with_a_comment_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO(b"#!/bin/sh\nexit\n" * 100)
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr("a.txt", b"here")
        file.comment = b"looks like an end: PK\x05\x06" + bytes(30)

    assert contents(write(tmp_path / "data", buffer.getvalue()), "setup.zip") == {"a.txt": b"here"}


def test_numbers_of_64_bits_are_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, file.open("a.txt", "w", force_zip64=True) as entry:
        entry.write(b"here")
    data = buffer.getvalue()
    start = data.rindex(b"a.txt") - 46
    size, offset = struct.unpack_from("<2L", data, len(data) - 10)
    header = bytearray(data[start : start + 46 + 5])
    struct.pack_into("<2L", header, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", header, 30, 28)
    struct.pack_into("<L", header, 42, 0xFFFFFFFF)
    header += struct.pack("<2H3Q", 1, 24, 4, 4, 0)
    end64 = END64.pack(b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(header), offset)
    locator = LOCATOR.pack(b"PK\x06\x07", 0, offset + len(header), 1)
    end = END.pack(b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)

    path = write(tmp_path / "data", data[:start] + header + end64 + locator + end)

    assert size and contents(path) == {"a.txt": b"here"}


@pytest.mark.parametrize("packing", METHODS)
def test_a_damaged_entry_is_named_wherever_the_damage_is(tmp_path: Path, packing: int) -> None:
    noise = bytes(zlib.crc32(bytes([n % 251, n // 251 % 251, n // 63001])) & 0xFF for n in range(3 * MIB))
    data = bytearray(archive({"a": noise, "b": b"good"}, packing))
    place = len(data) * 9 // 10
    data[place : place + 64] = bytes(byte ^ 0xFF for byte in data[place : place + 64])

    with opened(write(tmp_path / "data", bytes(data))) as files:
        damaged, good = files.entries()
        with pytest.raises(EntryIsDamaged):
            files.read(damaged)
        with pytest.raises(EntryIsDamaged):
            files.local(damaged)
        with files.open(damaged) as stream:
            first = stream.read(1000)
            for _ in range(2):
                with pytest.raises(EntryIsDamaged):
                    stream.read()
        assert first == noise[:1000]
        assert files.read(good) == b"good"
    assert not list((tmp_path / "scratch").rglob("*.partial"))


def test_a_packing_that_nobody_knows_damages_its_entry_only(tmp_path: Path) -> None:
    data = archive(GOOD, zipfile.ZIP_DEFLATED)
    path = write(tmp_path / "data", directory_changed(data, b"a/1.png", 10, "<H", 9))

    with opened(path) as files:
        odd, good = files.entries()
        with pytest.raises(EntryIsDamaged, match="Deflate64"):
            files.read(odd)
        assert files.read(good) == GOOD["b/2.png"]


@pytest.mark.parametrize("method", METHODS)
def test_an_entry_that_unpacks_to_more_than_it_says_is_stopped(tmp_path: Path, method: int) -> None:
    data = archive({"a": bytes(50 * MIB), "b": b"x"}, method)
    sizes = (1000, 1000) if method == zipfile.ZIP_STORED else (1000,)
    place = 20 if method == zipfile.ZIP_STORED else 24
    path = write(tmp_path / "data", directory_changed(data, b"a", place, f"<{len(sizes)}L", *sizes))

    with opened(path) as files:
        entry = files.entries()[0]
        with pytest.raises(EntryIsDamaged):
            files.read(entry)
        with pytest.raises(EntryIsDamaged), files.open(entry) as stream:
            while stream.read(MIB):
                pass
        with pytest.raises(EntryIsDamaged):
            files.local(entry)


def test_an_entry_that_unpacks_to_less_than_it_says_is_damaged(tmp_path: Path) -> None:
    data = archive({"a": b"x" * 100}, zipfile.ZIP_DEFLATED)
    path = write(tmp_path / "data", directory_changed(data, b"a", 24, "<L", 101))

    with opened(path) as files, pytest.raises(EntryIsDamaged, match="unpacks to 100 bytes"):
        files.read(files.entries()[0])


def test_samples_and_tables_have_a_size_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "data", archive({"a": b"x" * 101, "b": b"x" * 100}))

    with opened(path, max_entry_bytes=100, max_table_bytes=100) as files:
        large, small = files.entries()
        with pytest.raises(EntryIsTooLarge, match="101 bytes"):
            files.read(large)
        with pytest.raises(EntryIsTooLarge, match="101 bytes"):
            files.local(large)
        with files.open(large) as stream:
            assert len(stream.read()) == 101
        assert files.read(small) == files.local(small).read_bytes()


def test_a_table_is_unpacked_once(tmp_path: Path) -> None:
    path = write(tmp_path / "data", archive(GOOD, zipfile.ZIP_DEFLATED))

    with opened(path) as first, opened(path) as second:
        entry, made = first.entries()[0], first.local(first.entries()[0])
        number = made.stat().st_ino
        assert second.local(entry) == first.local(entry) == made
        assert (made.stat().st_ino, made.read_bytes()) == (number, GOOD["a/1.png"])


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (info("a/../../evil.png"), "path_escapes_archive"),
        (info("/etc/evil"), "path_escapes_archive"),
        (info("C:/evil"), "path_escapes_archive"),
        (info("..\\evil"), "path_escapes_archive"),
        (info("link", stat.S_IFLNK), "archive_has_links"),
        (info("pipe", stat.S_IFIFO), "archive_has_links"),
        (info("disk", stat.S_IFBLK), "archive_has_links"),
    ],
)
def test_what_is_never_data_refuses_the_archive(tmp_path: Path, entry: zipfile.ZipInfo, code: str) -> None:
    buffer = io.BytesIO(archive(GOOD))
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr(entry, b"/etc/passwd")

    refused = refusal(write(tmp_path / "data", buffer.getvalue()))

    assert (refused.code, entry.filename in refused.detail.replace("\\\\", "\\")) == (code, True)


def overlapping() -> bytes:
    """Two records of the directory name the same bytes."""
    data = archive({"a": b"x" * 1000, "b": b"y"})
    return directory_changed(data, b"b", 42, "<L", 0)


def quoting() -> bytes:
    """An entry whose content is another entry, header and all."""
    inner = archive({"b": b"x" * 1000})
    data = archive({"a": inner, "b": b"x" * 1000})
    return directory_changed(data, b"b", 42, "<L", data.index(inner))


BAD = {
    "nothing": (b"", "archive_corrupt"),
    "not a ZIP": (b"hello" * 100, "archive_corrupt"),
    "RAR": (b"Rar!\x1a\x07\x00" + bytes(500), "archive_corrupt"),
    "cut off": (archive(GOOD)[:-30], "archive_corrupt"),
    "part of several": (archive(GOOD)[:-18] + b"\1\0" + archive(GOOD)[-16:], "archive_corrupt"),
    "entries missing": (archive(GOOD)[:-12] + b"\3\0" + archive(GOOD)[-10:], "archive_corrupt"),
    "directory cut": (archive(GOOD)[:-10] + b"\xff\xff\xff\x7f" + archive(GOOD)[-6:], "archive_corrupt"),
    "no UTF-8 where it is said": (archive({"ä": b""}).replace("ä".encode(), b"\xff\xfe"), "archive_corrupt"),
    "no name": (directory_changed(archive({"ab": b"x"}), b"ab", 28, "<2H", 0, 2), "archive_corrupt"),
    "encrypted": (encrypted(archive(GOOD)), "archive_encrypted"),
    "empty": (archive({}), "archive_empty"),
    "folders only": (archive({"a/": b"", "./": b""}), "archive_empty"),
    "overlapping": (overlapping(), "archive_bomb"),
    "quoting": (quoting(), "archive_bomb"),
    "beyond the end": (directory_changed(archive({"a": b"x"}), b"a", 42, "<L", 5000), "archive_bomb"),
    "ratio": (archive({"a": bytes(40 * MIB)}, zipfile.ZIP_DEFLATED), "archive_bomb"),
    "huge": (directory_changed(archive({"a": b"x"}), b"a", 24, "<L", 0xFFFFFFFE), "archive_bomb"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_archive_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    data, code = BAD[kind]

    assert refusal(write(tmp_path / "data", data)).code == code


def test_limits_of_the_whole_hold_before_anything_is_listed(tmp_path: Path) -> None:
    path = write(tmp_path / "data", archive(dict.fromkeys("abc", b"12345")))
    hidden = archive(dict.fromkeys("abc", b"12345"))
    hidden = hidden[:-14] + b"\1\0\1\0" + hidden[-10:]

    assert "3 entries" in refusal(path, max_entries=2).detail
    assert "15 bytes" in refusal(path, max_unpacked_bytes=14).detail
    assert refusal(write(tmp_path / "lies", hidden), max_entries=2).code == "archive_bomb"
    with opened(path, max_entries=3, max_unpacked_bytes=15) as files:
        assert len(files.entries()) == 3


def test_archives_inside_stay_packed(tmp_path: Path) -> None:
    inner = archive(GOOD)

    assert contents(write(tmp_path / "data", archive({"inner.zip": inner}))) == {"inner.zip": inner}
