"""S3 prefixes on a real server: what is brought, what is refused, what its odd keys become."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from libs.common.contracts.sources import S3Source
from libs.common.ids import new_id
from libs.common.settings import StorageSettings
from libs.common.storage import Storage
from services.datasets import sources
from services.datasets.errors import (
    DiskIsFull,
    SourceIsMalformed,
    SourceIsNotAllowed,
    SourceIsTooLarge,
    SourceNotFound,
    SourceUnavailable,
)
from services.datasets.settings import Settings
from services.datasets.sources import check, fetch, is_there
from services.datasets.sources.origin import Fetched
from tests.stack import TestStack
from tests.unit.datasets.sources.reaching import Told, resources
from tests.unit.datasets.sources.web import Answer, Asked, head, web

BUCKET = "imports"


@pytest.fixture
def allowed(s3: TestStack) -> dict[str, Any]:
    """As the local stack sets it."""
    variables = s3.environment("datasets")
    prefix = "MODELYARD_IMPORT_S3__"
    given = {key.removeprefix(prefix).lower(): variables[key] for key in variables if key.startswith(prefix)}
    return {**given, "buckets": (BUCKET,)}


@pytest.fixture
async def bucket(allowed: dict[str, Any]):
    opened = Storage(
        StorageSettings(
            endpoint=allowed["endpoint"],
            access_key=allowed["access_key"],
            secret_key=SecretStr(allowed["secret_key"]),
            bucket=BUCKET,
        )
    )
    await opened.ensure_bucket()
    yield opened
    opened.close()


@pytest.fixture
def prefix() -> str:
    return f"sets/{new_id()}"


async def fetched(allowed: dict[str, Any], prefix: str, folder: Path, **settings: Any) -> Fetched:
    source = S3Source(bucket=BUCKET, prefix=prefix)
    return await fetch(source, folder, resources(import_s3=allowed, **settings), Told())


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


async def test_what_lies_below_a_prefix_comes_as_a_folder(bucket, allowed, prefix, tmp_path):
    content = {f"cat/{number}.png": bytes([number]) * 1000 for number in range(30)} | {"dog/ä ö.png": b"dog"}
    for name, data in content.items():
        await bucket.put_bytes(f"{prefix}/{name}", data)
    await bucket.put_bytes(f"{prefix}-2/other.png", b"not this one")
    found = await fetched(allowed, prefix, tmp_path)
    assert files_below(found.path) == content
    assert found.filename == prefix.removeprefix("sets/")
    assert files_below((await fetched(allowed, f"{prefix}/", tmp_path / "2")).path) == content


async def test_a_prefix_that_is_one_object_is_that_file(bucket, allowed, prefix, tmp_path):
    await bucket.put_bytes(f"{prefix}/animals.zip", b"PK")
    found = await fetched(allowed, f"{prefix}/animals.zip", tmp_path)
    assert (found.path.read_bytes(), found.filename) == (b"PK", "animals.zip")


async def test_a_name_of_the_longest_kind_survives(bucket, allowed, prefix, tmp_path):
    name = "n" * 251 + ".png"
    await bucket.put_bytes(f"{prefix}/{name}", b"long")
    assert files_below((await fetched(allowed, prefix, tmp_path)).path) == {name: b"long"}


async def test_what_is_not_there_is_said(bucket, allowed, prefix, tmp_path):
    with pytest.raises(SourceNotFound):
        await fetched(allowed, prefix, tmp_path)
    with pytest.raises(SourceNotFound):
        source = S3Source(bucket="nowhere", prefix="a")
        await fetch(source, tmp_path, resources(import_s3={**allowed, "buckets": ("nowhere",)}), Told())


async def test_whether_it_is_there(bucket, allowed, prefix):
    await bucket.put_bytes(f"{prefix}/a.zip", b"PK")
    wanted = {"": True, prefix: True, f"{prefix}/a.zip": True, f"{prefix}/a": False, "elsewhere/": False}
    for each, expected in wanted.items():
        source = S3Source(bucket=BUCKET, prefix=each)
        assert await is_there(source, resources(import_s3=allowed)) is expected, each
    assert not await is_there(S3Source(bucket="others", prefix=prefix), resources(import_s3=allowed))


async def test_more_than_is_allowed_is_not_begun(bucket, allowed, prefix, tmp_path):
    for number in range(3):
        await bucket.put_bytes(f"{prefix}/{number}.png", bytes(100))
    with pytest.raises(SourceIsTooLarge):
        await fetched(allowed, prefix, tmp_path, archive={"max_entries": 2})
    with pytest.raises(SourceIsTooLarge):
        await fetched(allowed, prefix, tmp_path, archive={"max_unpacked_bytes": 299})
    assert files_below(tmp_path) == {}


async def test_a_disk_that_becomes_full_in_the_middle_is_named(bucket, allowed, prefix, tmp_path):
    await bucket.put_bytes(f"{prefix}/a.png", bytes(1000))
    etag = (await bucket.stat(f"{prefix}/a.png")).etag
    (tmp_path / "source" / "parts").mkdir(parents=True)
    (tmp_path / "source" / "parts" / f"0.{etag}.part.minio").symlink_to("/dev/full")
    with pytest.raises(DiskIsFull) as full:
        await fetched(allowed, prefix, tmp_path)
    assert full.value.retryable


async def test_without_settings_it_says_what_to_set():
    with pytest.raises(SourceIsNotAllowed, match="MODELYARD_IMPORT_S3__ENDPOINT"):
        await check(S3Source(bucket=BUCKET), Settings())


@pytest.mark.parametrize("name", ["others", "modelyard"])
async def test_other_buckets_are_refused_and_that_of_modelyard_always(allowed, name):
    settings = Settings(import_s3={**allowed, "buckets": (BUCKET, "modelyard")})  # type: ignore[arg-type]
    with pytest.raises(SourceIsNotAllowed, match=name):
        await check(S3Source(bucket=name), settings)


@pytest.mark.parametrize(
    "odd", ["../modelyard/", "a/../b", "/a", "a//b", ".", "..", "a/./b", "a\0b", "c:/x", "\\x"]
)
async def test_a_prefix_never_climbs(allowed, odd):
    with pytest.raises(SourceIsMalformed):
        await check(S3Source(bucket=BUCKET, prefix=odd), Settings(import_s3=allowed))  # type: ignore[arg-type]


async def test_a_wrong_key_and_a_server_that_is_away_are_the_sources_fault(bucket, allowed, prefix, tmp_path):
    for change in ({"secret_key": "wrong"}, {"endpoint": "127.0.0.1:1"}):
        with pytest.raises(SourceUnavailable, match="bucket imports") as away:
            await fetched({**allowed, **change}, prefix, tmp_path)
        assert "wrong" not in away.value.detail


def holding(*keys: str) -> Answer:
    """A server whose listing says so, with keys that a file system would never give one."""
    listed = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>1</ETag>"
        f"<Size>4</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys
    )
    listing = (
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>imports</Name>'
        f"<IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"
    ).encode()

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        if asked.path.startswith(f"/{BUCKET}?"):
            yield head(content_length=len(listing), content_type="application/xml") + listing
        elif asked.path == f"/{BUCKET}/sets":
            yield head("404 Not Found", content_length=0)
        else:
            when = "Thu, 01 Jan 2026 00:00:00 GMT"
            body = b"" if asked.method == "HEAD" else b"evil"
            yield head(content_length=4, etag='"1"', last_modified=when) + body

    return answer


@pytest.mark.parametrize(
    "keys",
    [("sets/x/../../../evil",), ("sets/..",), ("sets//evil",), ("other/evil",), ("sets/..\\..\\evil",),
     ("sets/a", "sets/a/b"), ("sets/a/b", "sets/a"), ("sets/" + "n" * 300,), ("sets/a", "sets/a/")],
)  # fmt: skip
async def test_a_key_that_cannot_become_a_file_ends_the_import_by_name(tmp_path, keys):
    allowed = {"access_key": "key", "secret_key": "secret", "buckets": (BUCKET,)}
    async with web(holding(*keys)) as server:
        with pytest.raises(SourceIsMalformed, match=r"object '(sets|other)"):
            await fetched({**allowed, "endpoint": f"127.0.0.1:{server.port}"}, "sets", tmp_path / "job")
    assert [each.name for each in tmp_path.iterdir()] == ["job"]


async def test_what_stands_for_a_folder_becomes_one(tmp_path):
    allowed = {"access_key": "key", "secret_key": "secret", "buckets": (BUCKET,)}
    async with web(holding("sets/", "sets/empty/", "sets/full/a.png")) as server:
        found = await fetched({**allowed, "endpoint": f"127.0.0.1:{server.port}"}, "sets", tmp_path)
    assert files_below(found.path) == {"full/a.png": b"evil"}
    assert (found.path / "empty").is_dir()


async def test_whether_it_is_there_is_not_waited_for_long(allowed, monkeypatch):
    monkeypatch.setattr(sources, "LOOK_SECONDS", 0.2)

    async def answer(asked: Asked) -> AsyncIterator[bytes]:
        await asyncio.sleep(2)
        yield b""

    async with web(answer) as server:
        slow = resources(import_s3={**allowed, "endpoint": f"127.0.0.1:{server.port}"})
        with pytest.raises(SourceUnavailable, match="in time"):
            await is_there(S3Source(bucket=BUCKET, prefix="a"), slow)
