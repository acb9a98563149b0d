"""The HTTP door as callers meet it: who may pass, what goes wrong and how it is told, how it is."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from libs.common.ids import new_id
from tests.integration.gateway.conftest import MAX_BODY_BYTES, Gateway
from tests.integration.gateway.room import SmallRoom

PROJECT = {"name": "Cats", "task": "classification"}


def problem_of(response: httpx.Response, status: int, code: str) -> dict:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


async def token_of_role(api: httpx.AsyncClient, role: str) -> str:
    made = await api.post("/v1/tokens", json={"name": f"{role} of a test", "role": role})
    assert made.status_code == 201, made.text
    return made.json()["secret"]


class TestWhoMayPass:
    async def test_nobody_without_a_token(self, gateway: Gateway):
        async with gateway.client() as client:
            answer = await client.get("/v1/me")

        problem_of(answer, 401, "token_missing")
        assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("path", ["/v1/projects", "/v1/runs", "/v1/events", "/v1/tokens", "/v1/system"])
    async def test_no_noun_is_readable_without_a_token(self, gateway: Gateway, path):
        async with gateway.client() as client:
            problem_of(await client.get(path), 401, "token_missing")

    async def test_nobody_with_an_unknown_token(self, gateway: Gateway):
        async with gateway.client("my_invented") as client:
            problem_of(await client.get("/v1/me"), 401, "token_unknown")

    async def test_whoever_has_a_token_is_known_by_its_name(self, api):
        me = (await api.get("/v1/me")).json()

        assert (me["name"], me["role"]) == ("admin", "admin")

    async def test_a_token_opens_until_it_is_deleted(self, gateway: Gateway, api):
        made = (await api.post("/v1/tokens", json={"name": "CI", "role": "editor"})).json()
        async with gateway.client(made["secret"]) as client:
            me = (await client.get("/v1/me")).json()
            assert (me["name"], me["role"], me["token_id"]) == ("admin", "editor", made["token"]["id"])
            assert (await api.delete(f"/v1/tokens/{made['token']['id']}")).status_code == 204
            problem_of(await client.get("/v1/me"), 401, "token_unknown")

    async def test_secrets_are_shown_once(self, api):
        secret = await token_of_role(api, "viewer")

        listed = (await api.get("/v1/tokens")).text
        assert secret not in listed and secret[:7] in listed

    async def test_a_viewer_reads_and_changes_nothing(self, gateway: Gateway, api, room: SmallRoom):
        async with gateway.client(await token_of_role(api, "viewer")) as viewer:
            assert (await viewer.get("/v1/projects")).status_code == 200
            problem_of(await viewer.post("/v1/projects", json=PROJECT), 403, "role_too_low")
        assert room.num_created == 0

    async def test_with_a_token_nobody_makes_one_that_may_more(self, gateway: Gateway, api):
        async with gateway.client(await token_of_role(api, "editor")) as editor:
            body = {"name": "more", "role": "admin"}
            problem_of(await editor.post("/v1/tokens", json=body), 403, "token_limited")


class TestTheBrowsersSession:
    async def test_a_login_sets_a_cookie_that_no_script_can_read(self, gateway: Gateway):
        async with gateway.client() as browser:
            answer = await browser.post("/v1/auth/login", json={"token": gateway.token})
            cookie = answer.headers["set-cookie"].lower()

            assert answer.json()["name"] == "admin"
            assert "httponly" in cookie and "samesite=lax" in cookie
            assert (await browser.get("/v1/me")).json()["name"] == "admin"

    async def test_a_wrong_token_is_refused_and_sets_nothing(self, gateway: Gateway):
        async with gateway.client() as browser:
            answer = await browser.post("/v1/auth/login", json={"token": "my_guess"})

        problem_of(answer, 401, "token_unknown")
        assert "set-cookie" not in answer.headers

    async def test_it_changes_things_only_from_the_console(self, gateway: Gateway, room: SmallRoom):
        async with gateway.client() as browser:
            await browser.post("/v1/auth/login", json={"token": gateway.token})
            for headers in ({}, {"Origin": "https://elsewhere.example"}):
                answer = await browser.post("/v1/projects", json=PROJECT, headers=headers)
                problem_of(answer, 403, "foreign_origin")
            answer = await browser.post("/v1/projects", json=PROJECT, headers={"Origin": gateway.console})

        assert (answer.status_code, room.num_created) == (201, 1)

    async def test_it_ends_with_a_logout(self, gateway: Gateway):
        async with gateway.client() as browser:
            await browser.post("/v1/auth/login", json={"token": gateway.token})
            assert (await browser.post("/v1/auth/logout")).status_code == 204
            problem_of(await browser.get("/v1/me"), 401, "token_missing")

    async def test_other_pages_may_not_read_with_it(self, gateway: Gateway):
        async with gateway.client() as browser:
            own = await browser.get("/healthz", headers={"Origin": gateway.console})
            foreign = await browser.get("/healthz", headers={"Origin": "https://elsewhere.example"})

        assert own.headers["access-control-allow-origin"] == gateway.console
        assert "access-control-allow-origin" not in foreign.headers


class TestWhatGoesWrong:
    async def test_bad_input_names_every_field(self, api):
        answer = await api.post("/v1/projects", json={"name": " ", "task": "Not A Task", "colour": "red"})

        problem = problem_of(answer, 422, "bad_input")
        assert {each["field"] for each in problem["errors"]} == {"name", "task", "colour"}

    async def test_bad_questions_name_the_parameter(self, api):
        problem = problem_of(await api.get("/v1/projects?limit=201"), 422, "bad_input")

        assert [each["field"] for each in problem["errors"]] == ["limit"]

    async def test_a_bad_id_names_the_part_of_the_path(self, api):
        problem = problem_of(await api.get("/v1/projects/seven"), 422, "bad_input")

        assert [each["field"] for each in problem["errors"]] == ["project_id"]

    async def test_a_body_that_is_no_json_is_told(self, api):
        headers = {"Content-Type": "application/json"}
        problem_of(await api.post("/v1/projects", content=b"{", headers=headers), 422, "bad_input")

    async def test_a_task_that_is_not_installed_is_told_with_those_that_are(self, api):
        answer = await api.post("/v1/projects", json={"name": "Cats", "task": "alchemy"})

        problem = problem_of(answer, 422, "task_unknown")
        assert problem["errors"][0]["field"] == "task"
        assert "classification" in problem["errors"][0]["message"]

    async def test_what_a_room_refuses_arrives_as_it_was_said(self, api, room: SmallRoom):
        problem = problem_of(await api.get(f"/v1/projects/{uuid4()}"), 404, "not_found")

        assert problem["detail"] == "there is no such project"

    @pytest.mark.usefixtures("room")
    async def test_a_room_that_is_away_is_503_at_once_and_worth_another_try(self, api):
        started = asyncio.get_running_loop().time()
        answer = await api.get("/v1/channels")

        assert asyncio.get_running_loop().time() - started < 0.9  # before the time to wait is over
        assert problem_of(answer, 503, "service_unavailable")["retryable"] is True
        assert answer.headers["retry-after"] == "1"

    async def test_a_room_that_is_late_is_504_and_worth_another_try(self, api, room: SmallRoom):
        room.delay_seconds = 3

        answer = await api.get(f"/v1/projects/{new_id()}")

        assert problem_of(answer, 504, "timed_out")["retryable"] is True
        assert answer.headers["retry-after"] == "1"

    async def test_paths_and_methods_that_are_not_there(self, api):
        problem_of(await api.get("/v1/nothing"), 404, "not_found")
        answer = await api.put("/v1/projects", json=PROJECT)
        problem_of(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, POST"


class TestHowLargeABodyMayBe:
    async def test_an_announced_body_too_large_is_refused_unread(self, api, room: SmallRoom):
        body = PROJECT | {"description": "x" * MAX_BODY_BYTES}

        problem_of(await api.post("/v1/projects", json=body), 413, "body_too_large")
        assert room.num_created == 0

    async def test_a_body_that_turns_out_too_large_is_refused(self, api):
        async def endless():
            for _ in range(100):
                yield b" " * 1000

        headers = {"Content-Type": "application/json"}
        answer = await api.post("/v1/projects", content=endless(), headers=headers)

        problem_of(answer, 413, "body_too_large")

    async def test_images_may_be_larger_than_json(self, api):
        image = b"\x00" * (MAX_BODY_BYTES + 1)
        headers = {"Content-Type": "image/png"}
        answer = await api.post("/v1/deployments/pets/predict", content=image, headers=headers)

        problem_of(answer, 503, "service_unavailable")  # it got through to the room, which is not there


class TestWhatARequestCarries:
    async def test_its_id_and_its_caller_reach_the_room(self, api, room: SmallRoom):
        answer = await api.post("/v1/projects", json=PROJECT, headers={"X-Request-Id": "from-a-proxy.1"})

        assert answer.headers["x-request-id"] == "from-a-proxy.1"
        assert [(each.request_id, each.actor) for each in room.contexts] == [("from-a-proxy.1", "admin")]

    async def test_an_id_that_could_harm_a_log_is_replaced(self, api):
        answer = await api.get("/healthz", headers={"X-Request-Id": "two words"})

        assert answer.headers["x-request-id"] != "two words"

    async def test_answers_are_not_cached_and_not_sniffed(self, api):
        headers = (await api.get("/v1/me")).headers

        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


class TestHowItIs:
    async def test_alive_and_ready_without_a_token(self, gateway: Gateway):
        async with gateway.client() as client:
            alive, ready = await client.get("/healthz"), await client.get("/readyz")

        assert (alive.status_code, alive.text) == (200, "ok\n")
        assert ready.json() == {"name": "gateway", "ready": True, "checks": {"bus": "ok", "database": "ok"}}

    async def test_requests_are_measured_by_route_and_never_by_id(
        self, gateway: Gateway, api, room: SmallRoom
    ):
        project = (await api.post("/v1/projects", json=PROJECT)).json()
        await api.get(f"/v1/projects/{project['id']}")
        text = httpx.get(f"{gateway.metrics_url}/metrics").text

        families = {family.name: family for family in text_string_to_metric_families(text)}
        counted = {
            (each.labels["method"], each.labels["route"], each.labels["status"]): each.value
            for each in families["modelyard_http_requests"].samples
            if each.name.endswith("_total")
        }
        assert counted["GET", "/v1/projects/{project_id}", "200"] >= 1
        assert project["id"] not in text

    async def test_figures_are_told_to_administrators_and_at_the_inner_door(self, gateway: Gateway, api):
        async with gateway.client() as stranger:
            assert (await stranger.get("/metrics")).status_code == 401
        outside, inside = await api.get("/metrics"), httpx.get(f"{gateway.metrics_url}/metrics")

        assert 'modelyard_database_connections{state="busy"}' in outside.text
        assert 'modelyard_database_connections{state="busy"}' in inside.text

    async def test_a_method_that_nobody_knows_is_no_figure_of_its_own(self, gateway: Gateway, api):
        await api.request("BREW", "/v1/me")

        assert "BREW" not in httpx.get(f"{gateway.metrics_url}/metrics").text

    async def test_it_describes_itself(self, gateway: Gateway):
        async with gateway.client() as client:
            described = (await client.get("/openapi.json")).json()

        assert "/v1/projects" in described["paths"]

    async def test_rooms_that_answer_are_told_from_those_that_do_not(self, api, room: SmallRoom):
        """Also while the room that knows the nodes is away: that is when one looks."""
        answer = await api.get("/v1/system")

        assert answer.status_code == 200, answer.text
        services = {each["name"]: each["ready"] for each in answer.json()["services"]}
        assert (services["datasets"], services["notifier"]) == (True, False)
        assert answer.json()["nodes"] == []
