"""The object store's face against a real S3: bytes, ranges, parts, links that end, and its errors."""

import io
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from libs.common.ids import new_id
from libs.common.settings import StorageSettings
from libs.common.storage import ObjectNotFound, Storage, StorageUnavailable
from tests.stack import TestStack


def settings(s3: TestStack, **changes: object) -> StorageSettings:
    variables = s3.environment("datasets")
    given = StorageSettings(
        endpoint=variables["MODELYARD_STORAGE__ENDPOINT"],
        access_key=variables["MODELYARD_STORAGE__ACCESS_KEY"],
        secret_key=SecretStr(variables["MODELYARD_STORAGE__SECRET_KEY"]),
        bucket=variables["MODELYARD_STORAGE__BUCKET"],
    )
    return given.model_copy(update=changes)


@pytest.fixture(scope="module")
async def storage(s3: TestStack):
    opened = Storage(settings(s3))
    await opened.ensure_bucket()
    await opened.ensure_bucket()
    yield opened
    opened.close()


@pytest.fixture
def prefix() -> str:
    return f"tests/{new_id()}/"


async def test_bytes_come_back_whole_and_in_ranges(storage: Storage, prefix: str):
    await storage.put_bytes(f"{prefix}a", b"0123456789")
    assert await storage.get_bytes(f"{prefix}a") == b"0123456789"
    assert await storage.get_bytes(f"{prefix}a", offset=3, size_bytes=4) == b"3456"
    assert [chunk async for chunk in storage.stream(f"{prefix}a", 2, 6, chunk_bytes=4)] == [b"2345", b"67"]
    found = await storage.stat(f"{prefix}a")
    assert (found.key, found.size_bytes) == (f"{prefix}a", 10)


async def test_a_range_beyond_the_end_is_said_and_not_waited_for(storage: Storage, prefix: str):
    await storage.put_bytes(f"{prefix}a", b"0123456789")
    with pytest.raises((ObjectNotFound, StorageUnavailable)):
        [chunk async for chunk in storage.stream(f"{prefix}a", 8, 6)]


async def test_files_and_streams_of_unknown_length(storage: Storage, prefix: str, tmp_path: Path):
    (tmp_path / "out").write_bytes(b"x" * 3_000_000)
    await storage.put_file(f"{prefix}file", tmp_path / "out")
    await storage.get_file(f"{prefix}file", tmp_path / "deep" / "in")
    assert (tmp_path / "deep" / "in").read_bytes() == b"x" * 3_000_000
    await storage.put_stream(f"{prefix}stream", io.BytesIO(b"hello"))
    assert await storage.get_bytes(f"{prefix}stream") == b"hello"


async def test_listing_copying_and_removing(storage: Storage, prefix: str):
    await storage.put_bytes(f"{prefix}a/1", b"one")
    await storage.copy(f"{prefix}a/1", f"{prefix}a/2")
    assert {found.key for found in await storage.list_objects(f"{prefix}a/")} == {
        f"{prefix}a/1",
        f"{prefix}a/2",
    }
    assert await storage.get_bytes(f"{prefix}a/2") == b"one"
    await storage.remove([f"{prefix}a/1", f"{prefix}never"])
    assert not await storage.exists(f"{prefix}a/1")
    await storage.remove_prefix(prefix)
    assert await storage.list_objects(prefix) == []


async def test_what_is_not_there_is_said_by_name(storage: Storage, prefix: str, tmp_path: Path):
    for reading in (
        storage.get_bytes(f"{prefix}no"),
        storage.stat(f"{prefix}no"),
        storage.get_file(f"{prefix}no", tmp_path / "no"),
        storage.list_parts(f"{prefix}no", "no-such-upload"),
    ):
        with pytest.raises(ObjectNotFound):
            await reading
    assert not (tmp_path / "no").exists()


async def test_presigned_urls_are_the_permission(storage: Storage, prefix: str):
    async with httpx.AsyncClient() as client:
        put = await client.put(storage.presign_put(f"{prefix}a"), content=b"bytes")
        assert put.is_success
        got = await client.get(storage.presign_get(f"{prefix}a", filename="a.bin"))
        assert got.content == b"bytes"
        bare = storage.presign_get(f"{prefix}a").partition("?")[0]
        assert (await client.get(bare)).status_code in (400, 401, 403)


async def test_parts_become_one_object_and_can_be_listed_and_given_up(storage: Storage, prefix: str):
    upload = await storage.begin_multipart(f"{prefix}whole")
    async with httpx.AsyncClient() as client:
        for number, content in ((2, b"tail"), (1, b"h" * 5 * 2**20)):
            url = storage.presign_part(f"{prefix}whole", upload, number)
            assert (await client.put(url, content=content)).is_success
    parts = await storage.list_parts(f"{prefix}whole", upload)
    assert {number: size for number, (_, size) in parts.items()} == {1: 5 * 2**20, 2: 4}
    listed = [(number, etag.strip('"')) for number, (etag, _) in parts.items()]
    await storage.complete_multipart(f"{prefix}whole", upload, listed)
    assert (await storage.get_bytes(f"{prefix}whole"))[-5:] == b"htail"
    given_up = await storage.begin_multipart(f"{prefix}never")
    await storage.abort_multipart(f"{prefix}never", given_up)
    assert not await storage.exists(f"{prefix}never")


async def test_a_store_that_is_away_is_worth_another_try(s3: TestStack):
    nobody = Storage(settings(s3, endpoint="127.0.0.1:1"))
    with pytest.raises(StorageUnavailable) as away:
        await nobody.get_bytes("a")
    assert away.value.retryable
    nobody.close()


async def test_a_wrong_key_is_refused_without_telling_it(s3: TestStack):
    stranger = Storage(settings(s3, secret_key=SecretStr("wrong")))
    with pytest.raises(StorageUnavailable) as refused:
        await stranger.put_bytes("a", b"")
    assert "wrong" not in refused.value.detail
    stranger.close()


async def test_every_room_has_a_key_of_its_own_and_a_made_up_one_is_refused(s3: TestStack, storage: Storage):
    keys = s3.stack.store_keys()
    assert len({access_key for access_key, _ in keys.values()}) == len(keys)
    for access_key, secret_key in keys.values():
        opened = Storage(settings(s3, access_key=access_key, secret_key=SecretStr(secret_key)))
        await opened.ensure_bucket()
        opened.close()
    stranger = Storage(settings(s3, secret_key=SecretStr(keys["trainer"][1])))
    with pytest.raises(StorageUnavailable):
        await stranger.ensure_bucket()
    stranger.close()
