"""ZIPs from strangers: read within limits, refused by name."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable

import pytest

from libs.common.errors import ModelyardError
from libs.common.zips import ArchiveIsRefused, ArchiveIsTooLarge, FileIsDamaged, Zip, ZipLimits

LIMITS = ZipLimits(max_files=5, max_unpacked_bytes=50 * 2**20)


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, content in files:
            target.writestr(name, content)
    return buffer.getvalue()


def opened(data: bytes, limits: ZipLimits = LIMITS) -> Zip:
    return Zip(io.BytesIO(data), limits)


def link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        info = zipfile.ZipInfo("cats.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        target.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def changed(data: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    """In the first header of this kind."""
    place = data.index(mark) + offset
    return data[:place] + value + data[place + len(value) :]


def with_nul(data: bytes) -> bytes:
    return data.replace(b"cat.png", b"cat\0png")


def encrypted() -> bytes:
    return changed(zipped(("cat.png", b"1")), b"PK\x01\x02", 8, struct.pack("<H", 1))


def test_files_come_in_order_and_what_systems_leave_does_not():
    data = zipped(("b/2.png", b"22"), ("__MACOSX/b/._2.png", b"x"), ("b/.DS_Store", b"x"), ("a/1.png", b""))

    with opened(data) as archive:
        assert [(file.path, archive.read(file)) for file in archive.files] == [
            ("b/2.png", b"22"),
            ("a/1.png", b""),
        ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_two_files():
    with opened(zipped(("a.png", b"1"), ("a.png", b"2"))) as archive:
        assert [archive.read(file) for file in archive.files] == [b"1", b"2"]


REFUSED: list[tuple[bytes, str]] = [
    (b"", "no whole ZIP"),
    (b"PK\x03\x04 and no more", "no whole ZIP"),
    (zipped(("a.png", b"1"))[:-30], "no whole ZIP"),
    (zipped(("../a.png", b"1")), "leads out"),
    (zipped(("a/../../b.png", b"1")), "leads out"),
    (zipped(("/etc/a.png", b"1")), "leads out"),
    (zipped(("C:/a.png", b"1")), "leads out"),
    (zipped(("..\\a.png", b"1")), "leads out"),
    (with_nul(zipped(("cat.png", b"1"))), "leads out"),
    (link(), "link or a device"),
    (encrypted(), "encrypted"),
    (zipped(("bomb.png", bytes(40 * 2**20))), "times its size"),
]


@pytest.mark.parametrize(("data", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_no_data_look_like_is_refused_by_name(data: bytes, why: str):
    with pytest.raises(ArchiveIsRefused, match=why):
        opened(data)


@pytest.mark.parametrize(
    "data",
    [
        zipped(*((f"{number}.png", b"") for number in range(6))),
        zipped(*((f"{number}.png", b"") for number in range(6000)), method=zipfile.ZIP_STORED),
        zipped(("large.png", bytes(60 * 2**20))),
    ],
    ids=["one file more", "a thousand times more", "too many bytes"],
)
def test_what_is_more_than_one_request_may_have_is_too_large(data: bytes):
    with pytest.raises(ArchiveIsTooLarge) as refused:
        opened(data)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: changed(data, b"a" * 20, 5, b"b"),
        lambda data: changed(data, b"PK\x01\x02", 24, struct.pack("<L", 19)),
        lambda data: changed(data, b"PK\x01\x02", 10, struct.pack("<H", 14)),
        lambda data: changed(data, b"PK\x03\x04", 0, b"PKxx"),
    ],
    ids=["another content", "a size that lies", "LZMA", "no local header"],
)
def test_a_damaged_file_does_not_spoil_the_others(damage: Callable[[bytes], bytes]):
    data = damage(zipped(("1.png", b"a" * 20), ("2.png", b"c"), method=zipfile.ZIP_STORED))

    with opened(data) as archive:
        first, second = archive.files
        with pytest.raises(FileIsDamaged):
            archive.read(first)
        assert archive.read(second) == b"c"


def test_any_garbage_is_an_error_of_ours():
    whole = zipped(("1.png", b"a" * 20), ("2.png", b"c"))
    for place in range(0, len(whole)):
        try:
            with opened(whole[:place] + b"\xff" + whole[place + 1 :]) as archive:
                for file in archive.files:
                    archive.read(file)
        except ModelyardError:
            pass
