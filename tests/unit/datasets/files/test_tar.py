"""TARs from strangers, plain and packed: read whole and right, unpacked once, or refused by name."""

import bz2
import gzip
import io
import lzma
import multiprocessing
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import ModelyardError
from services.datasets.errors import ArchiveIsCorrupt
from services.datasets.files import EntryIsDamaged, EntryIsTooLarge
from services.datasets.files.tar import TarFiles
from tests.unit.datasets.files.opening import MIB, contents, opened, trees, write

GOOD = {"a/1.png": b"one" * 1000, "b/2.png": b"two" * 1000}
FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def zstandard(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard,
}


def entry(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, linkname: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, linkname, len(data)
    return made


def archive(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as file:
        for name, data in files.items():
            file.addfile(entry(name, data), io.BytesIO(data))
    return buffer.getvalue()


def with_entry(made: tarfile.TarInfo, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(entry("a/1.png", b"x"), io.BytesIO(b"x"))
        file.addfile(made, io.BytesIO(data))
    return buffer.getvalue()


def resigned(data: bytes, place: int, field: bytes, header: int = 0) -> bytes:
    """With another field in the header that begins at `header`, and the checksum that belongs to it."""
    block = bytearray(data[header : header + 512])
    block[place : place + len(field)] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:header] + bytes(block) + data[header + 512 :]


def refusal(path: Path, name: str = "data.tar", **limits: int) -> ModelyardError:
    with pytest.raises(ModelyardError) as refused, opened(path, name, **limits):
        pass
    return refused.value


@given(trees, st.sampled_from(FORMATS[1:]), st.sampled_from(["", *PACKED]))
def test_what_was_written_is_listed_and_read_back(tree: Mapping[str, bytes], form: int, packing: str) -> None:
    data = archive(tree, form)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "data", PACKED[packing](data) if packing else data)

        assert contents(path) == tree


@given(st.binary(max_size=2000), st.integers(0, 20_000), st.sampled_from(["", *PACKED]))
def test_bytes_that_change_on_the_way_never_crash(junk: bytes, place: int, packing: str) -> None:
    data = archive(GOOD, tarfile.PAX_FORMAT)
    data = PACKED[packing](data) if packing else data
    place %= len(data)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "data.tar", data[:place] + junk + data[place + len(junk) :])
        with suppress(ModelyardError):
            contents(path, "data.tar")


@pytest.mark.parametrize("form", FORMATS)
def test_what_packers_do_with_names_is_undone(tmp_path: Path, form: int) -> None:
    long = f"{'d' * 90}/{'n' * 90}.png"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, encoding="utf-8") as file:
        for name in ("./", "./a/", "./a/1.png", long, "old/"):
            kind = tarfile.DIRTYPE if name in ("./", "./a/") else tarfile.AREGTYPE
            file.addfile(entry(name, kind=kind))

    with opened(write(tmp_path / "data", buffer.getvalue())) as files:
        assert [each.path for each in files.entries()] == ["a/1.png", long]
        assert files.folders() == ["a", "old"]


def test_names_in_no_encoding_are_shown_as_far_as_they_can_be(tmp_path: Path) -> None:
    data = resigned(archive({"x.png": b"1"}, tarfile.USTAR_FORMAT), 0, "ä.png".encode("latin-1"))

    assert contents(write(tmp_path / "data", data)) == {"ä.png": b"1"}


def test_archives_one_behind_another_are_read_to_the_last(tmp_path: Path) -> None:
    data = archive({"a": b"1"}) + archive({"b": b"2"})

    assert contents(write(tmp_path / "data", data)) == {"a": b"1", "b": b"2"}


def test_an_archive_without_an_end_or_of_unix_v7_is_read(tmp_path: Path) -> None:
    whole = archive({"a": b"1"}, tarfile.USTAR_FORMAT)
    old = resigned(whole, 257, bytes(8))

    assert contents(write(tmp_path / "no end", whole[:513])) == {"a": b"1"}
    assert contents(write(tmp_path / "old", old), "old.tar") == {"a": b"1"}


def test_a_size_of_64_bits_is_read(tmp_path: Path) -> None:
    data = resigned(archive({"a": b"123"}, tarfile.GNU_FORMAT), 124, b"\x80" + (3).to_bytes(11, "big"))

    assert contents(write(tmp_path / "data", data)) == {"a": b"123"}


def test_streams_that_parallel_packers_write_are_read_to_the_last(tmp_path: Path) -> None:
    data = archive(GOOD)
    for ending, pack in PACKED.items():
        padding = bytes(8) if ending == "xz" else b""
        packed = pack(data[:700]) + padding + pack(data[700:]) + padding

        assert contents(write(tmp_path / ending, packed)) == GOOD
    skippable = b"\x50\x2a\x4d\x18\4\0\0\0size" + zstandard(data)
    assert contents(write(tmp_path / "skippable", skippable)) == GOOD


def bad() -> dict[str, tuple[bytes, str]]:
    plain = archive(GOOD, tarfile.USTAR_FORMAT)
    two = archive({"a": b"", "b": b"2"}, tarfile.USTAR_FORMAT)
    sparse = entry("a/2.png")
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9"}
    sized = entry("a/2.png")
    sized.pax_headers = {"size": "-5"}
    many = archive({"n" * 200: b""}, tarfile.GNU_FORMAT)[:1024]
    return {
        "nothing": (b"", "archive_empty"),
        "not a TAR": (b"hello" * 1000, "archive_corrupt"),
        "zeros only": (bytes(10240), "archive_empty"),
        "folders only": (folders(), "archive_empty"),
        "symbolic link": (with_entry(entry("l", kind=tarfile.SYMTYPE, linkname="x")), "archive_has_links"),
        "hard link": (with_entry(entry("l", kind=tarfile.LNKTYPE, linkname="a")), "archive_has_links"),
        "device": (with_entry(entry("d", kind=tarfile.CHRTYPE)), "archive_has_links"),
        "pipe": (with_entry(entry("p", kind=tarfile.FIFOTYPE)), "archive_has_links"),
        "climbs out": (with_entry(entry("../evil")), "path_escapes_archive"),
        "climbs inside": (with_entry(entry("a/../../evil")), "path_escapes_archive"),
        "climbs in a long name": (with_entry(entry("a/" * 120 + "../x")), "path_escapes_archive"),
        "absolute": (with_entry(entry("/etc/evil")), "path_escapes_archive"),
        "NUL": (with_entry(entry("a\0b" + "ü")), "path_escapes_archive"),
        "sparse": (with_entry(sparse), "archive_corrupt"),
        "old sparse": (with_entry(entry("s", kind=tarfile.GNUTYPE_SPARSE)), "archive_corrupt"),
        "negative size": (resigned(plain, 124, b"\xff" * 12), "archive_corrupt"),
        "negative size in pax": (with_entry(sized), "archive_corrupt"),
        "size of letters": (resigned(plain, 124, b"0000000_17\0 "), "archive_corrupt"),
        "size beyond the end": (resigned(plain, 124, b"77777777777\0"), "archive_corrupt"),
        "huge size": (resigned(plain, 124, b"\x80" + b"\x3f" * 11), "archive_corrupt"),
        "cut in a header": (plain[: 512 + 3072 + 100], "archive_corrupt"),
        "cut in a file": (plain[:2000], "archive_corrupt"),
        "cut behind a long name": (many, "archive_corrupt"),
        "damaged in the middle": (two[:520] + b"?" + two[521:], "archive_corrupt"),
        "a hole": (two[:512] + bytes(512) + two[1024:], "archive_corrupt"),
        "something behind the end": (plain + b"what is this" * 100, "archive_corrupt"),
        "a name without end": (many * 6 + plain, "archive_corrupt"),
        "a huge name": (resigned(many, 124, b"00100000000\0"), "archive_corrupt"),
        "one of several": (with_entry(entry("m", kind=b"M")), "archive_corrupt"),
        "no name": (resigned(plain, 0, bytes(100)), "archive_corrupt"),
    }


def folders() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for name in (".", "a", "a/b"):
            file.addfile(entry(name, kind=tarfile.DIRTYPE))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", bad())
def test_a_bad_archive_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    data, code = bad()[kind]

    assert refusal(write(tmp_path / "data", data)).code == code
    assert refusal(write(tmp_path / "packed", gzip.compress(data)), "data.tar.gz").code == code


def test_limits_of_the_whole_hold(tmp_path: Path) -> None:
    path = write(tmp_path / "data", archive(dict.fromkeys("abc", b"12345"), tarfile.USTAR_FORMAT))

    assert "3 entries" in refusal(path, max_entries=2).detail
    assert refusal(path, max_unpacked_bytes=14).code == "archive_bomb"
    with opened(path, max_entries=3, max_unpacked_bytes=15, max_entry_bytes=4, max_table_bytes=4) as files:
        (first, *_) = files.entries()
        with pytest.raises(EntryIsTooLarge):
            files.read(first)
        with pytest.raises(EntryIsTooLarge):
            files.local(first)
        with files.open(first) as stream:
            assert stream.read() == b"12345"


@pytest.mark.parametrize("ending", PACKED)
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path, ending: str) -> None:
    packed = PACKED[ending](archive({"a": bytes(60 * MIB)}))
    path = write(tmp_path / "data", packed)

    assert "times its size" in refusal(path).detail
    assert "bytes unpacked" in refusal(path, max_unpacked_bytes=5 * MIB).detail
    assert not [each for each in (tmp_path / "scratch").rglob("*") if each.is_file() and each.stat().st_size]


@pytest.mark.parametrize("ending", PACKED)
def test_a_packed_archive_that_is_cut_off_or_damaged_is_refused(tmp_path: Path, ending: str) -> None:
    noise = bytes(number * number % 253 for number in range(100_000))
    packed = PACKED[ending](archive({"a": noise, "b": noise[::-1]}))
    # Zstandard needs no checksum of the content: only its own structure tells.
    place = 5 if ending == "zst" else len(packed) // 2
    damaged = (
        packed[:place] + bytes(byte ^ 0x55 for byte in packed[place : place + 40]) + packed[place + 40 :]
    )

    assert refusal(write(tmp_path / "cut", packed[:-20]), f"x.tar.{ending}").code == "archive_corrupt"
    assert refusal(write(tmp_path / "damaged", damaged), f"x.tar.{ending}").code == "archive_corrupt"


def test_a_packer_that_asks_for_all_the_memory_gets_none(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": MIB}]
    greedy = lzma.compress(archive(GOOD), filters=filters)
    # The size of the dictionary is one byte of the block's header, which has a checksum of its own.
    header = bytearray(greedy[12:24])
    header[4:5] = b"\x27"
    header[8:12] = zlib.crc32(bytes(header[:8])).to_bytes(4, "little")
    path = write(tmp_path / "data", greedy[:12] + bytes(header) + greedy[24:])

    with pytest.raises(ArchiveIsCorrupt, match="Memory usage limit"):
        contents(path)


def test_an_archive_that_shrinks_under_its_reader_is_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "data", archive(GOOD))

    with opened(path) as files:
        with path.open("r+b") as file:
            file.truncate(2000)
        last = files.entries()[-1]
        with pytest.raises(EntryIsDamaged):
            files.read(last)
        with pytest.raises(EntryIsDamaged), files.open(last) as stream:
            stream.read()


def read_all(path: Path) -> tuple[dict[str, bytes], list[tuple[str, int]]]:
    found = contents(path)
    made = [each for each in (path.parent / "scratch").rglob("*") if each.is_file()]
    return found, sorted((each.name, each.stat().st_ino) for each in made)


def test_of_several_processes_one_unpacks(tmp_path: Path) -> None:
    files = {f"{number}.bin": bytes([number]) * 100_000 for number in range(30)}
    path = write(tmp_path / "data", lzma.compress(archive(files)))

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        results = pool.map(read_all, [path] * 3)

    assert all(found == files for found, _ in results)
    assert results[0][1] == results[1][1] == results[2][1] == read_all(path)[1]
    assert [name for name, _ in results[0][1]].count("plain.tar") == 1


def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    path = write(tmp_path / "data", gzip.compress(archive(GOOD)))
    with opened(path) as files:
        assert isinstance(files, TarFiles)
    (plain,) = (tmp_path / "scratch").rglob("plain.tar")
    plain.rename(plain.with_name("plain.tar.partial"))
    plain.with_name("index").unlink()
    with plain.with_name("plain.tar.partial").open("r+b") as file:
        file.truncate(1000)

    assert contents(path) == GOOD
    assert plain.exists() and not plain.with_name("plain.tar.partial").exists()


def test_a_disk_that_becomes_full_is_told_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "data", gzip.compress(archive(GOOD)))
    with opened(path):
        pass
    (plain,) = (tmp_path / "scratch").rglob("plain.tar")
    plain.unlink()
    plain.with_name("plain.tar.partial").symlink_to("/dev/full")

    assert refusal(path).code == "disk_full"
    assert contents(path) == GOOD
