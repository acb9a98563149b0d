"""Idempotency-Key: whoever sends a creating request twice has one thing."""

import asyncio
import hashlib

import httpx
import pytest
from sqlalchemy import text

from libs.common.ids import new_id
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.people import join, make_account, signed_in
from tests.integration.gateway.room import SmallRoom
from tests.integration.gateway.test_http import PROJECT, problem_of, token_of_role

KEPT = """
    INSERT INTO gateway.answers (id, caller_id, key, digest, status, media_type, body, created_at)
        VALUES (:id, :who, :key, :digest, 201, 'application/json', '{"kept": true}', now())
"""


@pytest.fixture
def key() -> dict[str, str]:
    return {"Idempotency-Key": new_id().hex}


async def test_a_repetition_gets_the_first_answer_and_creates_nothing(api, room: SmallRoom, key):
    first = await api.post("/v1/projects", json=PROJECT, headers=key)
    again = await api.post("/v1/projects", json=PROJECT, headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again.headers["content-type"]) == (first.json(), first.headers["content-type"])
    assert room.num_created == 1


async def test_without_a_key_every_request_is_carried_out(api, room: SmallRoom):
    await api.post("/v1/projects", json=PROJECT)

    problem_of(await api.post("/v1/projects", json=PROJECT), 409, "conflict")


async def test_a_key_belongs_to_one_request(api, room: SmallRoom, key):
    await api.post("/v1/projects", json=PROJECT, headers=key)
    other = await api.post("/v1/projects", json=PROJECT | {"name": "Dogs"}, headers=key)

    problem_of(other, 422, "idempotency_key_reused")
    assert room.num_created == 1


async def test_a_key_belongs_to_one_token(gateway: Gateway, api, room: SmallRoom, key):
    await api.post("/v1/projects", json=PROJECT, headers=key)
    async with gateway.client(await token_of_role(api, "editor")) as other:
        answer = await other.post("/v1/projects", json=PROJECT | {"name": "Dogs"}, headers=key)

    assert (answer.status_code, room.num_created) == (201, 2)


async def test_a_refused_request_may_be_mended_and_sent_with_the_same_key(api, room: SmallRoom, key):
    problem_of(await api.post("/v1/projects", json={"name": "Cats"}, headers=key), 422, "bad_input")
    mended = await api.post("/v1/projects", json=PROJECT, headers=key)

    assert (mended.status_code, room.num_created) == (201, 1)


async def test_of_two_at_once_one_is_carried_out(api, room: SmallRoom, key):
    room.delay_seconds = 0.4
    answers = await asyncio.gather(
        *(api.post("/v1/projects", json=PROJECT, headers=key) for _ in range(2)),
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert (statuses, room.num_created) == ([201, 409], 1)
    refused = next(answer for answer in answers if answer.status_code == 409)
    problem_of(refused, 409, "request_under_way")


async def test_a_key_opens_no_door(gateway: Gateway, api, room: SmallRoom, key):
    await api.post("/v1/projects", json=PROJECT, headers=key)
    async with gateway.client() as stranger:
        problem_of(await stranger.post("/v1/projects", json=PROJECT, headers=key), 401, "token_missing")


async def test_a_role_too_low_gets_no_kept_answer(gateway: Gateway, api, room: SmallRoom, key):
    async with gateway.client(await token_of_role(api, "viewer")) as viewer:
        for _ in range(2):
            problem_of(await viewer.post("/v1/projects", json=PROJECT, headers=key), 403, "role_too_low")


async def test_who_made_a_project_and_left_it_is_not_told_of_it_again(
    gateway: Gateway, api, room: SmallRoom, key
):
    person = await make_account(api, "editor")
    async with signed_in(gateway, person) as member:
        made = (await member.post("/v1/projects", json=PROJECT, headers=key)).json()
        assert (await member.post("/v1/projects", json=PROJECT, headers=key)).json() == made
        await api.delete(f"/v1/projects/{made['id']}/members/{person.id}")

        problem_of(await member.post("/v1/projects", json=PROJECT, headers=key), 404, "not_found")
    assert room.num_created == 1


@pytest.mark.parametrize("role, status, code", [(None, 404, "not_found"), ("viewer", 403, "role_too_low")])
async def test_an_answer_is_kept_only_for_who_may_still_do_what_was_asked(
    gateway: Gateway, api, room: SmallRoom, house, key, role, status, code
):
    project, person = room.add_project(), await make_account(api, "editor")
    path, body = f"/v1/projects/{project.id}/datasets", b"{}"
    await join(api, project.id, person, "editor")
    async with house.database.transaction() as session:
        digest = hashlib.sha256(path.encode() + b"\n" + body).digest()
        values = {"id": new_id(), "who": person.id, "key": key["Idempotency-Key"], "digest": digest}
        await session.execute(text(KEPT), values)
    async with signed_in(gateway, person) as member:
        assert (await member.post(path, content=body, headers=key)).json() == {"kept": True}
        if role is None:
            await api.delete(f"/v1/projects/{project.id}/members/{person.id}")
        else:
            await join(api, project.id, person, role)

        problem_of(await member.post(path, content=body, headers=key), status, code)


async def test_the_secret_of_a_new_token_is_never_kept(api: httpx.AsyncClient, key):
    body = {"name": "twice", "role": "viewer"}
    first = await api.post("/v1/tokens", json=body, headers=key)
    again = await api.post("/v1/tokens", json=body, headers=key)

    assert first.json()["secret"] != again.json()["secret"]


async def test_a_key_too_long_is_refused(api, room: SmallRoom):
    answer = await api.post("/v1/projects", json=PROJECT, headers={"Idempotency-Key": "k" * 201})

    problem = problem_of(answer, 422, "bad_input")
    assert problem["errors"][0]["field"] == "Idempotency-Key"


async def test_a_request_left_unfinished_by_a_gateway_that_died_may_be_sent_again(
    api, room: SmallRoom, house, key
):
    await api.post("/v1/projects", json=PROJECT, headers=key)
    async with house.database.transaction() as session:
        died = (
            "UPDATE gateway.answers SET status = NULL, created_at = now() - interval '2 min' WHERE key = :key"
        )
        await session.execute(text(died), {"key": key["Idempotency-Key"]})

    again = await api.post("/v1/projects", json=PROJECT | {"name": "Dogs"}, headers=key)

    assert (again.status_code, room.num_created) == (201, 2)
