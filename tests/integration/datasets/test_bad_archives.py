"""Archives that cannot be imported: a name for each, a fact, and nothing half-written."""

import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile

import pytest

from libs.common.contracts.datasets import DatasetFailed, DatasetStatus, GetDataset
from libs.common.contracts.imports import GetImportReport
from libs.common.contracts.jobs import JobFailed, JobState
from libs.common.contracts.splits import PreviewSplit
from libs.common.contracts.versions import GetStats
from libs.common.errors import ModelyardError
from tests.integration.datasets.archives import archive, class_folders, encrypted, image
from tests.integration.datasets.desk import Desk

GOOD = {"a/1.png": image(1), "b/2.png": image(2)}


def _with_link() -> bytes:
    buffer = io.BytesIO(archive(GOOD))
    with zipfile.ZipFile(buffer, "a") as file:
        link = zipfile.ZipInfo("a/passwd.png")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def _with_folder(name: str) -> bytes:
    buffer = io.BytesIO(archive(GOOD))
    with zipfile.ZipFile(buffer, "a") as file:
        file.mkdir(name)
    return buffer.getvalue()


def _with_name(name: bytes) -> bytes:
    """Names that Python's own writer would not write."""
    return archive({**GOOD, "x" * len(name): image(3)}).replace(b"x" * len(name), name)


def _with_flag_but_no_utf8() -> bytes:
    return archive({**GOOD, "ä/1.png": image(3)}).replace("ä".encode(), b"\xff\xfe")


def _that_says_it_has(size_bytes: int, num_entries: int) -> bytes:
    """In its directory: nothing of this size is in it."""
    content = bytearray(archive({f"a/{number}.png": b"x" * 100 for number in range(num_entries)}))
    place = content.find(DIRECTORY_MARK)
    while place >= 0:
        struct.pack_into("<L", content, place + 24, size_bytes)
        place = content.find(DIRECTORY_MARK, place + 4)
    return bytes(content)


def _of_one_entry_many_times() -> bytes:
    """A directory in which every name leads to the same bytes."""
    content = bytearray(archive({f"a/{number}.png": bytes(2**20) for number in range(3)}))
    place = content.find(DIRECTORY_MARK)
    while place >= 0:
        struct.pack_into("<L", content, place + 42, 0)
        place = content.find(DIRECTORY_MARK, place + 4)
    return bytes(content)


def _tar(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> bytes:
    """With this member behind good ones."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for path, content in GOOD.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        file.addfile(member)
    return buffer.getvalue()


DIRECTORY_MARK = b"PK\x01\x02"
BAD = {
    "cut off": (class_folders({"a": 5})[:-300], "archive_corrupt", "ZIP"),
    "no archive": (bytes(500), "archive_corrupt", "ZIP"),
    "another archive": (b"Rar!\x1a\x07\x00" + bytes(500), "archive_corrupt", "may be ZIP or TAR"),
    "a TAR cut off": (_tar("a/3.png")[:700], "archive_corrupt", "a/1.png"),
    "packed and damaged": (gzip.compress(_tar("a/3.png"))[:-20], "archive_corrupt", "gzip"),
    "names that are no text": (_with_flag_but_no_utf8(), "archive_corrupt", "UTF-8"),
    "climbs out": (archive({**GOOD, "a/../../evil.png": image(3)}), "path_escapes_archive", "evil"),
    "climbs out, Windows": (_with_name(b"..\\evil.png"), "path_escapes_archive", "evil"),
    "climbs out, TAR": (_tar("a/../../evil.png"), "path_escapes_archive", "evil"),
    "absolute": (archive({**GOOD, "/etc/evil.png": image(3)}), "path_escapes_archive", "/etc/evil"),
    "absolute, TAR": (_tar("/etc/evil.png"), "path_escapes_archive", "/etc/evil"),
    "drive": (archive({**GOOD, "C:/evil.png": image(3)}), "path_escapes_archive", "C:/evil"),
    "NUL": (_with_name(b"a/evil\0.png"), "path_escapes_archive", "evil"),
    "link": (_with_link(), "archive_has_links", "a/passwd.png"),
    "link, TAR": (_tar("a/evil.png", tarfile.SYMTYPE, "/etc/passwd"), "archive_has_links", "a/evil.png"),
    "hard link, TAR": (_tar("a/evil.png", tarfile.LNKTYPE, "/etc/passwd"), "archive_has_links", "a/evil.png"),
    "device, TAR": (_tar("a/evil.png", tarfile.CHRTYPE), "archive_has_links", "a/evil.png"),
    "bomb": (
        archive({**GOOD, "a/bomb.png": bytes(40 * 2**20)}, zipfile.ZIP_DEFLATED),
        "archive_bomb",
        "times its size",
    ),
    "bomb, XZ": (lzma.compress(bytes(40 * 2**20)), "archive_bomb", "times its size"),
    "a size that lies": (_that_says_it_has(0xFFFFFFF0, 3), "archive_bomb", "times its size"),
    "sizes beyond the limit": (_that_says_it_has(0xFFFFFFF0, 60), "archive_bomb", "are allowed"),
    "entries in each other": (_of_one_entry_many_times(), "archive_bomb", "overlap"),
    "encrypted": (encrypted(archive(GOOD)), "archive_encrypted", "a/1.png"),
    "empty": (archive({}), "archive_empty", "no files"),
    "folders only": (archive({"a/": b"", "b/": b""}), "archive_empty", "no files"),
    "nothing of a format": (archive({"1.exe": b"MZ", "2.bin": b"\0"}), "format_unknown", "class_folders"),
    "system files only": (archive({"__MACOSX/a/._1.png": b"x"}), "format_unknown", "class_folders"),
    "no images": (archive({"a/1.png": b"x", "b/2.png": b"y"}), "dataset_empty", "a/1.png"),
    "empty class folder": (_with_folder("c/"), "class_empty", "'c'"),
    "a class of one broken image": (
        archive({**GOOD, "c/1.png": image(3, 64, 64)[:300]}),
        "class_empty",
        "c/1.png",
    ),
    "a class of duplicates": (archive({**GOOD, "c/1.png": GOOD["a/1.png"]}), "class_empty", "c/1.png"),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_archive_fails_by_name_and_leaves_nothing(desk: Desk, kind: str) -> None:
    content, code, words = BAD[kind]

    made = await desk.create(content)

    fact = await desk.settled(made.id)
    assert isinstance(fact, DatasetFailed)
    assert (fact.code, fact.project_id, fact.name) == (code, made.project_id, made.name)
    assert words in fact.detail
    dataset = await desk.ask(GetDataset(dataset_id=made.id))
    assert (dataset.status, dataset.error_code, dataset.error_detail) == (
        DatasetStatus.FAILED,
        code,
        fact.detail,
    )
    assert made.job_id and await desk.job_state(made.job_id) is JobState.FAILED
    assert (await desk.house.wait_for(JobFailed, job_id=made.job_id)).attempt == 1
    await desk.until_no_objects(made.id)
    tables = ("samples", "shards", "versions", "staged_chunks")
    assert [await desk.count(table, made.id) for table in tables] == [0, 0, 0, 0]


async def test_what_was_never_imported_is_told_by_name(desk: Desk) -> None:
    made = await desk.create(archive({}))
    await desk.settled(made.id)

    for request, code in (
        (GetImportReport(dataset_id=made.id), "report_not_found"),
        (GetStats(dataset_id=made.id), "dataset_not_ready"),
        (PreviewSplit(dataset_id=made.id), "dataset_not_ready"),
    ):
        with pytest.raises(ModelyardError) as refused:
            await desk.ask(request)
        assert refused.value.code == code


async def test_a_damaged_entry_is_rejected_and_the_rest_imported(desk: Desk) -> None:
    content = bytearray(archive({**GOOD, "a/3.png": image(3), "b/4.png": image(4)}, zipfile.ZIP_LZMA))
    for name in (b"a/3.png", b"b/4.png"):
        start = content.index(name) + len(name)
        content[start : start + 12] = b"\xff" * 12

    dataset = await desk.imported(bytes(content))

    assert [sample.name for sample in await desk.samples(dataset.id)] == ["a/1.png", "b/2.png"]
    problems = (await desk.report(dataset.id)).problems.items
    assert {(each.path, each.code) for each in problems} == {
        ("a/3.png", "entry_damaged"),
        ("b/4.png", "entry_damaged"),
    }
