"""Bytes through the gateway: uploads streamed into a real object store, samples streamed out of it."""

import asyncio
import hashlib

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


async def test_a_sample_is_a_range_of_its_shard_and_cached_for_ever(api, house: House, room: SmallRoom):
    key = f"shards/{new_id()}.tar"
    await house.storage.put_bytes(key, b"before" + b"image" + b"after")
    sample = room.add_sample(key, 6, 5, "image/png")

    answer = await api.get(f"/v1/samples/{sample}/image")

    assert (answer.content, answer.headers["content-type"]) == (b"image", "image/png")
    assert "immutable" in answer.headers["cache-control"] and "private" in answer.headers["cache-control"]
    known = {"If-None-Match": answer.headers["etag"]}
    assert (await api.get(f"/v1/samples/{sample}/image", headers=known)).status_code == 304


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/pdf"])
async def test_what_a_browser_might_execute_is_only_downloaded(
    api, house: House, room: SmallRoom, media_type
):
    key = f"shards/{new_id()}.tar"
    await house.storage.put_bytes(key, b"<script>")
    sample = room.add_sample(key, 0, 8, media_type)

    headers = (await api.get(f"/v1/samples/{sample}/image")).headers

    assert (headers["content-type"], headers["content-disposition"]) == (
        "application/octet-stream",
        "attachment",
    )


@pytest.mark.parametrize(
    ("content", "media_type", "field"),
    [
        (b"", "image/png", None),
        (b"text", "text/plain", "content-type"),
        (b'{"images": []}', "application/json", "images"),
        (b'{"images": ["no base64!"]}', "application/json", None),
        (b"{}", "application/json", "images"),
    ],
)
async def test_what_is_no_image_is_told(api, content, media_type, field):
    headers = {"Content-Type": media_type}
    answer = await api.post("/v1/deployments/pets/predict", content=content, headers=headers)

    (first, *_) = problem_of(answer, 422, "bad_input")["errors"]
    assert first.get("field") == field
