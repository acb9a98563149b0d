"""Bytes through the gateway: uploads streamed into a real object store, samples streamed out of it."""

import asyncio
import hashlib
from uuid import UUID

import pytest

from libs.common.ids import new_id
from tests.house import House
from tests.integration.gateway.conftest import MAX_BODY_BYTES, Gateway
from tests.integration.gateway.room import SmallRoom
from tests.integration.gateway.test_http import problem_of

CHUNK = bytes(range(256)) * 256


async def chunks(count: int):
    for _ in range(count):
        yield CHUNK


async def test_an_upload_is_streamed_to_its_key_and_closed(api, house: House, room: SmallRoom):
    upload = room.add_upload(f"uploads/{new_id()}")
    answer = await api.put(f"/v1/uploads/{upload.id}/content", content=chunks(400))

    assert (answer.status_code, answer.json()["state"]) == (200, "complete")
    stored = await house.storage.get_bytes(upload.key)
    assert len(stored) > MAX_BODY_BYTES
    assert hashlib.sha256(stored).digest() == hashlib.sha256(CHUNK * 400).digest()


async def test_an_upload_that_the_store_refuses_ends_and_stays_open(gateway: Gateway, api, room: SmallRoom):
    upload = room.add_upload("")  # refused before a single byte is read

    async with asyncio.timeout(10):
        answer = await api.put(
            f"/v1/uploads/{upload.id}/content", content=chunks(400), headers={"Origin": gateway.console}
        )

    problem = problem_of(answer, 500, "internal")
    assert problem["request_id"] in problem["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == gateway.console
    assert room.uploads[upload.id].state == "open"


async def stored(house: House, room: SmallRoom, content: bytes, media_type: str = "image/png") -> UUID:
    """A sample in the middle of a shard."""
    key = f"shards/{new_id()}.tar"
    await house.storage.put_bytes(key, b"before" + content + b"after")
    return room.add_sample(key, 6, len(content), media_type)


async def test_a_sample_is_a_range_of_its_shard_and_cached_for_ever(api, house: House, room: SmallRoom):
    sample = await stored(house, room, b"image")

    answer = await api.get(f"/v1/samples/{sample}/image")

    assert (answer.status_code, answer.content) == (200, b"image")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert (answer.headers["etag"], answer.headers["accept-ranges"]) == ('"abc"', "bytes")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize("known", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
async def test_what_a_browser_has_is_not_sent_again(api, house: House, room: SmallRoom, known):
    sample = await stored(house, room, b"image")
    headers = {"If-None-Match": known, "Range": "bytes=0-1"}

    answer = await api.get(f"/v1/samples/{sample}/image", headers=headers)

    assert (answer.status_code, answer.content) == (304, b"")
    assert (answer.headers["etag"], "immutable" in answer.headers["cache-control"]) == ('"abc"', True)


@pytest.mark.parametrize(
    ("headers", "status", "content", "told"),
    [
        ({"Range": "bytes=1-3"}, 206, b"mag", "bytes 1-3/5"),
        ({"Range": "bytes=-2"}, 206, b"ge", "bytes 3-4/5"),
        ({"Range": "bytes=3-99", "If-Range": '"abc"'}, 206, b"ge", "bytes 3-4/5"),
        ({"Range": "bytes=1-3", "If-Range": '"old"'}, 200, b"image", None),
        ({"Range": "bytes=0-0,2-3"}, 200, b"image", None),
        ({"Range": "lines=1-2"}, 200, b"image", None),
    ],
)
async def test_a_part_of_a_sample_is_read(api, house: House, room: SmallRoom, headers, status, content, told):
    sample = await stored(house, room, b"image")

    answer = await api.get(f"/v1/samples/{sample}/image", headers=headers)

    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == told
    assert answer.headers["content-length"] == str(len(content))


async def test_a_part_behind_the_end_is_told_with_the_size(api, house: House, room: SmallRoom):
    sample = await stored(house, room, b"image")

    answer = await api.get(f"/v1/samples/{sample}/image", headers={"Range": "bytes=5-"})

    problem_of(answer, 416, "range_outside")
    assert answer.headers["content-range"] == "bytes */5"


async def test_the_head_tells_all_but_the_bytes(api, house: House, room: SmallRoom):
    sample = await stored(house, room, b"image")

    whole = await api.get(f"/v1/samples/{sample}/image")
    head = await api.head(f"/v1/samples/{sample}/image", headers={"Range": "bytes=1-3"})

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "cache-control", "accept-ranges"):
        assert head.headers[name] == whole.headers[name], name


async def test_a_large_sample_comes_in_pieces_and_whole(api, house: House, room: SmallRoom):
    content = bytes(range(256)) * 12_000
    sample = await stored(house, room, content)

    assert (await api.get(f"/v1/samples/{sample}/image")).content == content
    part = await api.get(f"/v1/samples/{sample}/image", headers={"Range": "bytes=1000-2999999"})
    assert (part.status_code, part.content) == (206, content[1000:3_000_000])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_sample_whose_shard_is_gone_is_not_found(api, room: SmallRoom, method):
    sample = room.add_sample(f"shards/{new_id()}.tar", 0, 5, "image/png")

    answer = await api.request(method, f"/v1/samples/{sample}/image")

    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    if method == "GET":
        problem_of(answer, 404, "object_not_found")


async def test_a_shard_that_was_cut_off_is_never_half_a_sample(api, house: House, room: SmallRoom):
    key = f"shards/{new_id()}.tar"
    await house.storage.put_bytes(key, b"short")

    for offset, size_bytes in ((2, 100), (100, 5)):
        sample = room.add_sample(key, offset, size_bytes, "image/png")
        problem_of(await api.get(f"/v1/samples/{sample}/image"), 404, "object_not_found")


async def test_where_a_sample_lies_is_asked_once_and_forgotten_soon(api, house: House, room: SmallRoom):
    sample = await stored(house, room, b"image")
    for _ in range(5):
        assert (await api.get(f"/v1/samples/{sample}/image")).content == b"image"
    assert room.num_located == 1

    del room.samples[sample]

    async with asyncio.timeout(10):
        while (await api.get(f"/v1/samples/{sample}/image")).status_code == 200:
            await asyncio.sleep(0.1)
    problem_of(await api.get(f"/v1/samples/{sample}/image"), 404, "not_found")


async def test_whoever_has_no_token_gets_no_sample_that_another_has_just_seen(
    gateway: Gateway, api, house: House, room: SmallRoom
):
    sample = await stored(house, room, b"image")
    assert (await api.get(f"/v1/samples/{sample}/image")).status_code == 200

    async with gateway.client() as stranger:
        answer = await stranger.get(f"/v1/samples/{sample}/image", headers={"If-None-Match": "*"})

    problem_of(answer, 401, "token_missing")


@pytest.mark.parametrize(
    ("media_type", "shown"),
    [("text/plain", "text/plain; charset=utf-8"), ("application/json", "application/json; charset=utf-8")],
)
async def test_texts_and_rows_are_shown_as_such(api, house: House, room: SmallRoom, media_type, shown):
    sample = await stored(house, room, "é".encode(), media_type)

    answer = await api.get(f"/v1/samples/{sample}/image")

    assert (answer.text, answer.headers["content-type"]) == ("é", shown)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/pdf", "text/xml"])
async def test_what_a_browser_might_execute_is_only_downloaded(
    api, house: House, room: SmallRoom, media_type
):
    sample = await stored(house, room, b"<script>", media_type)

    headers = (await api.get(f"/v1/samples/{sample}/image")).headers

    assert (headers["content-type"], headers["content-disposition"]) == (
        "application/octet-stream",
        "attachment",
    )
