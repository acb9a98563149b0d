"""The audit log: who changed what or tried to, and how it ended."""

import asyncio
from datetime import timedelta

import pytest

from libs.common.contracts.base import now
from libs.common.ids import new_id
from tests.house import House
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.people import Person, make_account, signed_in
from tests.integration.gateway.room import SmallRoom
from tests.integration.gateway.test_http import PROJECT, problem_of


async def entries(api, **query) -> list[dict]:
    answer = await api.get("/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_change_is_one_row_with_everything_about_it(gateway: Gateway, api, room: SmallRoom):
    person = await make_account(api, "editor")
    async with signed_in(gateway, person) as browser:
        headers = {"X-Request-Id": "seen-again", "X-Forwarded-For": "192.0.2.7"}
        project = (await browser.post("/v1/projects", json=PROJECT, headers=headers)).json()["id"]
        await browser.get(f"/v1/projects/{project}")

    (created,) = await entries(api, actor=person.name, project_id=project)
    assert (created["action"], created["method"], created["route"], created["path"]) == (
        "create_project",
        "POST",
        "/v1/projects",
        "/v1/projects",
    )
    assert (created["user_id"], created["token_id"], created["status"]) == (person.id, None, 201)
    assert (created["request_id"], created["address"]) == ("seen-again", "192.0.2.7")


async def test_what_was_refused_is_there_with_how_it_was(gateway: Gateway, api, room: SmallRoom):
    person = await make_account(api, "viewer")
    async with signed_in(gateway, person) as browser:
        await browser.post("/v1/projects", json=PROJECT)
        await browser.delete(f"/v1/tokens/{new_id()}")
        await browser.patch(f"/v1/users/{person.id}", json={"role": "admin"})

    refused = await entries(api, actor=person.name, outcome="refused")
    assert [(each["action"], each["status"]) for each in refused] == [
        ("change_user", 403),
        ("delete_token", 404),
        ("create_project", 403),
    ]
    assert [each["action"] for each in await entries(api, actor=person.name, outcome="done")] == ["log_in"]


async def test_a_stranger_is_told_from_who_fails_to_sign_in(gateway: Gateway, api):
    person = await make_account(api, "viewer")
    word = new_id().hex
    async with gateway.client() as stranger:
        for name in (person.name, f"secret-{word}"):
            await stranger.post("/v1/auth/login", json={"name": name, "password": word})
        await stranger.delete(f"/v1/projects/{new_id()}")

    by_name = await entries(api, actor=person.name)
    nobody = (await entries(api, actor="anonymous", limit=3))[:2]
    assert [(each["action"], each["status"], each["user_id"]) for each in by_name] == [("log_in", 401, None)]
    assert [(each["action"], each["status"]) for each in nobody] == [
        ("delete_project", 401),
        ("log_in", 401),
    ]
    assert word not in str(await entries(api, limit=20))


async def test_predictions_and_looking_leave_nothing(gateway: Gateway, api, room: SmallRoom):
    made = (await api.post("/v1/tokens", json={"name": "asks", "role": "editor"})).json()
    async with gateway.client(made["secret"]) as client:
        await client.post("/v1/deployments/pets/predict", content=b"x", headers={"Content-Type": "image/png"})
        await client.get("/v1/projects")
        await client.post("/v1/nowhere", json={})

    recent = await entries(api, limit=50)
    assert [each for each in recent if each["token_id"] == made["token"]["id"]] == []


async def test_it_is_read_page_by_page_and_by_time_and_action(api):
    person = await make_account(api, "viewer")
    began = now()
    for role in ("editor", "viewer", "editor"):
        await api.patch(f"/v1/users/{person.id}", json={"role": role})
    query = {"action": "change_user", "since": began.isoformat(), "limit": 2}
    first = (await api.get("/v1/audit", params=query)).json()
    second = (await api.get("/v1/audit", params=query | {"cursor": first["next_cursor"]})).json()

    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, None)
    times = [each["at"] for each in [*first["items"], *second["items"]]]
    assert times == sorted(times, reverse=True)
    assert await entries(api, until=(began - timedelta(days=1)).isoformat()) == []


@pytest.mark.parametrize("role", ["viewer", "editor"])
async def test_it_is_for_administrators(gateway: Gateway, api, role):
    async with signed_in(gateway, await make_account(api, role)) as browser:
        problem_of(await browser.get("/v1/audit"), 403, "role_too_low")


async def test_an_account_that_was_removed_stays_in_it(api):
    person: Person = await make_account(api, "viewer")
    await api.delete(f"/v1/users/{person.id}")

    deleted = (await entries(api, action="delete_user"))[0]
    assert (deleted["actor"], deleted["path"]) == ("admin", f"/v1/users/{person.id}")


async def test_odd_paths_are_written_as_they_can_be(api):
    await api.delete("/v1/models/%00%ff")

    assert "\0" not in (await entries(api, limit=1))[0]["path"]


async def test_strangers_do_not_fill_the_disk(gateway: Gateway, api, house: House):
    async with gateway.client() as stranger:
        await asyncio.gather(*(stranger.delete(f"/v1/runs/{new_id()}") for _ in range(150)))
    query = {"actor": "anonymous", "limit": 200, "since": (now() - timedelta(seconds=30)).isoformat()}

    # A minute may begin meanwhile.
    assert len([each for each in await entries(api, **query) if "/v1/runs/" in each["path"]]) < 150
