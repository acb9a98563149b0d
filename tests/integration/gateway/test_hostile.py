"""Requests that mean harm: nests without end, credentials in addresses, names that are paths."""

from uuid import uuid4

import httpx
import pytest

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.room import SmallRoom
from tests.integration.gateway.test_http import problem_of

DEPTH = 1500  # so many fit into a body here
NESTS = {
    "closed": b"[" * DEPTH + b"]" * DEPTH,
    "open": b"[" * DEPTH,
    "objects": b'{"a":' * 600 + b"1" + b"}" * 600,
    "in a field": b'{"name": ' + b"[" * DEPTH + b"]" * DEPTH + b"}",
}
PATHS = ("..%2f..%2fetc%2fpasswd", "%00", "..", "C:%5Cwindows", "%2e%2e", "a%2fb", "%f0%9f", "~", "-", "con")
NAMED = (
    "/v1/projects/{}", "/v1/datasets/{}", "/v1/samples/{}/image", "/v1/runs/{}/checkpoints/best",
    "/v1/uploads/{}", "/v1/exports/{}/download", "/v1/jobs/{}", "/v1/splits/{}",
)  # fmt: skip


@pytest.mark.parametrize("body", NESTS.values(), ids=NESTS)
async def test_a_nest_is_refused_however_deep(api: httpx.AsyncClient, room: SmallRoom, body: bytes):
    for place in ("/v1/projects", "/v1/auth/login"):
        answer = await api.post(place, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), answer.text
        problem_of(answer, answer.status_code, answer.json()["code"])
    assert room.num_created == 0


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "Authorization", "modelyard_session"])
async def test_a_token_in_an_address_opens_nothing(gateway: Gateway, name: str):
    async with gateway.client() as client:
        for place in ("/v1/me", "/v1/events"):
            problem_of(await client.get(place, params={name: gateway.token}), 401, "token_missing")


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearer bearer", "Bearer,"])
async def test_a_token_comes_one_way_only(gateway: Gateway, scheme: str):
    async with gateway.client() as client:
        answer = await client.get("/v1/me", headers={"Authorization": f"{scheme} {gateway.token}"})

    assert answer.status_code == 401


@pytest.mark.parametrize("named", NAMED)
async def test_no_id_is_a_path(api: httpx.AsyncClient, room: SmallRoom, named: str):
    """Ids are UUIDs or nothing: no part of an address ever becomes a part of a key or of a file's name."""
    for each in PATHS:
        answer = await api.get(named.format(each))
        assert 400 <= answer.status_code < 500, (each, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", each
    assert room.num_located == 0


@pytest.mark.parametrize(
    "header", ["X-Request-Id", "Last-Event-ID", "Range", "If-None-Match", "Idempotency-Key"]
)
async def test_no_header_breaks_anything(api: httpx.AsyncClient, room: SmallRoom, header: str):
    for value in (b"a\tb", b"\xff\xfe", b"x" * 4000, b"bytes=-", b"0-0", b"{}"):
        for place in (f"/v1/samples/{uuid4()}/image", "/v1/projects"):
            answer = await api.get(place, headers={header.encode(): value})
            assert answer.status_code < 500, (value, answer.text)
            assert b"x" * 100 not in answer.headers["x-request-id"].encode()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
async def test_a_host_that_is_not_ours_is_no_own_origin(gateway: Gateway, room: SmallRoom, host: str):
    """A page of another name that resolves to this machine: its cookie and its origin are its own."""
    async with gateway.client() as browser:
        await browser.post("/v1/auth/login", json={"token": gateway.token})
        headers = {"Host": host, "Origin": f"http://{host}"}
        answer = await browser.post("/v1/projects", json={"name": "a", "task": "t"}, headers=headers)

    assert answer.status_code in (401, 403), answer.text
    assert room.num_created == 0
