"""Signing in by name and password, what ends a session, and who tries too often; over two gateways."""

import asyncio
from collections.abc import Iterator
from statistics import median
from time import perf_counter

import httpx
import pytest
from sqlalchemy import text

from infra.local.ports import choose_ports
from libs.common.ids import new_id
from tests.integration.gateway.conftest import TRIES_PER_ACCOUNT, Gateway, running_gateway
from tests.integration.gateway.people import PASSWORD, Person, make_account, signed_in
from tests.integration.gateway.test_http import PROJECT, problem_of
from tests.stack import TestStack

ANOTHER = "a better one than that"


@pytest.fixture(scope="module")
def second(stores: TestStack, gateway: Gateway) -> Iterator[Gateway]:
    """Another gateway of the same house."""
    ports = choose_ports(("http", "metrics"), {})
    with running_gateway(stores, ports["http"], ports["metrics"]) as running:
        yield running


async def sign_in(
    client: httpx.AsyncClient, name: str, password: str = PASSWORD, **headers
) -> httpx.Response:
    body = {"name": name, "password": password}
    return await client.post("/v1/auth/login", json=body, headers=headers)


async def soon(client: httpx.AsyncClient, status: int, **told: object) -> dict:
    """What `me` says within less time than anybody is remembered."""
    until = perf_counter() + 2
    while True:
        answer = await client.get("/v1/me")
        found = answer.status_code == status and told.items() <= answer.json().items()
        if found or perf_counter() > until:
            assert found, answer.text
            return answer.json()
        await asyncio.sleep(0.05)


async def fail(client: httpx.AsyncClient, person: Person, times: int) -> None:
    for _ in range(times):
        problem_of(await sign_in(client, person.name, "not the password"), 401, "credentials_wrong")


class TestWithAPassword:
    async def test_the_first_account_has_the_password_of_the_settings(self, gateway: Gateway, stores):
        async with gateway.client() as browser:
            answer = await sign_in(browser, "admin", stores.stack.secrets["admin_password"])

        assert (answer.json()["name"], answer.json()["role"]) == ("admin", "admin")
        assert answer.json()["sees_all_projects"]

    async def test_the_cookie_is_no_script_s_and_no_secret_that_is_stored(self, gateway, api, house):
        person = await make_account(api, "editor")
        async with gateway.client() as browser:
            answer = await sign_in(browser, person.name.upper())
            cookie = answer.headers["set-cookie"].lower()
            me = (await browser.get("/v1/me")).json()

        assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=60" in cookie
        assert (me["name"], me["role"], me["token_id"]) == (person.name, "editor", None)

    async def test_wrong_passwords_and_unknown_accounts_get_the_same_answer_in_the_same_time(
        self, gateway, api
    ):
        person = await make_account(api, "viewer")

        async def asked(name: str) -> tuple[dict, float]:
            async with gateway.client() as browser:
                started = perf_counter()
                answer = await sign_in(browser, name, "not the password")
                took = perf_counter() - started
                assert "set-cookie" not in answer.headers
                return problem_of(answer, 401, "credentials_wrong"), took

        known = [await asked(person.name) for _ in range(3)]
        unknown = [await asked(f"nobody-{new_id().hex}") for _ in range(3)]

        told = [
            {key: value for key, value in each.items() if key != "request_id"} for each, _ in known + unknown
        ]
        assert all(each == told[0] for each in told)
        assert 1 / 3 < median(took for _, took in known) / median(took for _, took in unknown) < 3

    async def test_an_account_that_is_not_active_does_not_sign_in(self, gateway, api):
        person = await make_account(api, "viewer")
        await api.patch(f"/v1/users/{person.id}", json={"is_active": False})
        async with gateway.client() as browser:
            problem_of(await sign_in(browser, person.name), 401, "credentials_wrong")

    @pytest.mark.parametrize("body", [{}, {"name": "admin"}, {"password": "x"}, {"name": "a", "token": "b"}])
    async def test_half_a_login_is_told_what_is_missing(self, gateway, body):
        async with gateway.client() as browser:
            problem_of(await browser.post("/v1/auth/login", json=body), 422, "bad_input")

    async def test_no_foreign_page_signs_anybody_in(self, gateway, api):
        person = await make_account(api, "viewer")
        async with gateway.client() as browser:
            answer = await sign_in(browser, person.name, Origin="https://elsewhere.example")

        problem_of(answer, 403, "foreign_origin")


class TestWhatEndsASession:
    async def test_a_logout_ends_it_also_for_who_has_copied_the_cookie(self, gateway, api):
        person = await make_account(api, "viewer")
        async with signed_in(gateway, person) as browser, gateway.client() as thief:
            thief.cookies.update(browser.cookies)
            assert (await thief.get("/v1/me")).status_code == 200
            await browser.post("/v1/auth/logout")

            problem_of(await thief.get("/v1/me"), 401, "token_unknown")

    async def test_a_new_password_ends_every_other_one(self, gateway, api):
        person = await make_account(api, "viewer")
        async with signed_in(gateway, person) as here, signed_in(gateway, person) as there:
            body = {"old": PASSWORD, "new": ANOTHER}
            assert (await here.post("/v1/me/password", json=body)).status_code == 204

            assert (await here.get("/v1/me")).status_code == 200
            problem_of(await there.get("/v1/me"), 401, "token_unknown")
            problem_of(await sign_in(there, person.name, PASSWORD), 401, "credentials_wrong")
            assert (await sign_in(there, person.name, ANOTHER)).status_code == 200

    async def test_the_old_password_is_asked_for_and_counts_as_a_try(self, gateway, api):
        person = await make_account(api, "viewer")
        async with signed_in(gateway, person) as browser:
            body = {"old": "a guess of it", "new": ANOTHER}
            for _ in range(TRIES_PER_ACCOUNT):
                problem = problem_of(await browser.post("/v1/me/password", json=body), 422, "password_wrong")
                assert problem["errors"][0]["field"] == "old"
            problem_of(await browser.post("/v1/me/password", json=body), 429, "too_many_attempts")

    @pytest.mark.parametrize("change", [{"is_active": False}, {"password": ANOTHER}, None])
    async def test_an_administrator_ends_all_of_an_account_at_once_on_every_gateway(
        self, gateway, second, api, change
    ):
        person = await make_account(api, "editor")
        path = f"/v1/users/{person.id}"
        async with signed_in(gateway, person) as here, second.client() as there:
            there.cookies.update(here.cookies)
            assert [(await each.get("/v1/me")).status_code for each in (here, there)] == [200, 200]
            ended = await (api.delete(path) if change is None else api.patch(path, json=change))
            assert ended.is_success

            for each in (here, there):
                await soon(each, 401, code="token_unknown")

    async def test_a_lower_role_counts_at_once_on_every_gateway(self, gateway, second, api):
        person = await make_account(api, "editor")
        async with signed_in(gateway, person) as here, second.client() as there:
            there.cookies.update(here.cookies)
            assert (await there.get("/v1/me")).json()["role"] == "editor"
            await api.patch(f"/v1/users/{person.id}", json={"role": "viewer"})

            for each in (here, there):
                await soon(each, 200, role="viewer")

    async def test_one_that_was_opened_with_a_token_may_what_it_may_and_ends_with_it(self, gateway, api):
        made = (await api.post("/v1/tokens", json={"name": "look", "role": "viewer"})).json()
        async with gateway.client() as browser:
            opened = await browser.post("/v1/auth/login", json={"token": made["secret"]})
            assert (opened.json()["role"], made["secret"] in opened.headers["set-cookie"]) == (
                "viewer",
                False,
            )
            await api.delete(f"/v1/tokens/{made['token']['id']}")

            problem_of(await browser.get("/v1/me"), 401, "token_unknown")

    async def test_it_is_over_when_its_time_is(self, gateway, api, house):
        person = await make_account(api, "viewer")
        async with signed_in(gateway, person) as browser:
            async with house.database.transaction() as session:
                over = "UPDATE gateway.sessions SET expires_at = now() WHERE user_id = :id"
                await session.execute(text(over), {"id": person.id})
                await session.execute(text("NOTIFY gateway_people"))

            await soon(browser, 401, code="session_over")


class TestWhereOneIsSignedIn:
    async def test_one_sees_ones_own_sessions_and_which_of_them_asks(self, gateway, api):
        person, other = await make_account(api, "viewer"), await make_account(api, "viewer")
        async with gateway.client() as browser, signed_in(gateway, other):
            agent = "Mozilla/5.0 (X11; Linux) Firefox/140.0" + "x" * 300
            await sign_in(browser, person.name, **{"User-Agent": agent})
            async with signed_in(gateway, person):
                listed = (await browser.get("/v1/auth/sessions")).json()["items"]

        assert [each["is_this"] for each in listed] == [False, True]
        assert listed[1]["address"] == "127.0.0.1" and listed[1]["agent"] == agent[:200]
        assert listed[1]["begun_at"] <= listed[1]["last_seen_at"] < listed[1]["expires_at"]
        assert not {"digest", "secret"} & listed[1].keys()

    async def test_one_of_them_is_ended_and_those_of_others_are_not_there(self, gateway, api):
        person, other = await make_account(api, "viewer"), await make_account(api, "viewer")
        async with signed_in(gateway, person) as here, signed_in(gateway, person) as there:
            newest, _ = (await here.get("/v1/auth/sessions")).json()["items"]
            async with signed_in(gateway, other) as stranger:
                answer = await stranger.delete(f"/v1/auth/sessions/{newest['id']}")
                problem_of(answer, 404, "session_not_found")
            assert (await there.get("/v1/me")).status_code == 200
            assert (await here.delete(f"/v1/auth/sessions/{newest['id']}")).status_code == 204

            problem_of(await there.get("/v1/me"), 401, "token_unknown")
            assert (await here.get("/v1/me")).status_code == 200
        entries = (await api.get("/v1/audit", params={"actor": person.name})).json()["items"]
        assert ("end_session", 204) in {(each["action"], each["status"]) for each in entries}

    async def test_all_others_are_ended_at_once(self, gateway, api):
        person = await make_account(api, "viewer")
        async with signed_in(gateway, person) as here, signed_in(gateway, person) as there:
            assert (await here.delete("/v1/auth/sessions")).status_code == 204

            problem_of(await there.get("/v1/me"), 401, "token_unknown")
            assert len((await here.get("/v1/auth/sessions")).json()["items"]) == 1

    async def test_a_token_that_may_less_than_its_owner_ends_only_what_it_has_opened(self, gateway, api):
        person = await make_account(api, "editor")
        async with signed_in(gateway, person) as browser, gateway.client() as opened:
            less = (await browser.post("/v1/tokens", json={"name": "less", "role": "viewer"})).json()
            whole = (await browser.post("/v1/tokens", json={"name": "whole", "role": "admin"})).json()
            await opened.post("/v1/auth/login", json={"token": less["secret"]})
            async with gateway.client(less["secret"]) as script, gateway.client(whole["secret"]) as owner:
                (seen,) = (await script.get("/v1/auth/sessions")).json()["items"]
                assert seen["token_id"] == less["token"]["id"]
                assert (await script.delete("/v1/auth/sessions")).status_code == 204

                problem_of(await opened.get("/v1/me"), 401, "token_unknown")
                assert (await browser.get("/v1/me")).status_code == 200
                assert len((await owner.get("/v1/auth/sessions")).json()["items"]) == 1
                await owner.delete("/v1/auth/sessions")
            problem_of(await browser.get("/v1/me"), 401, "token_unknown")

    async def test_an_administrator_sees_and_ends_those_of_an_account(self, gateway, api):
        person = await make_account(api, "editor")
        path = f"/v1/users/{person.id}/sessions"
        async with signed_in(gateway, person) as browser:
            (seen,) = (await api.get(path)).json()["items"]
            assert not seen["is_this"]
            for answer in (await browser.get(path), await browser.delete(path)):
                problem_of(answer, 403, "role_too_low")
            assert (await api.delete(path)).status_code == 204

            problem_of(await browser.get("/v1/me"), 401, "token_unknown")
        problem_of(await api.get(f"/v1/users/{new_id()}/sessions"), 404, "user_not_found")


class TestWhoTriesTooOften:
    async def test_waits_also_with_the_right_password_and_at_another_gateway(self, gateway, second, api):
        person, other = await make_account(api, "viewer"), await make_account(api, "viewer")
        async with gateway.client() as browser, second.client() as elsewhere:
            await fail(browser, person, TRIES_PER_ACCOUNT)
            for each in (browser, elsewhere):
                answer = await sign_in(each, person.name)
                problem_of(answer, 429, "too_many_attempts")
                assert 800 < int(answer.headers["retry-after"]) <= 900
            assert (await sign_in(elsewhere, other.name)).status_code == 200

    async def test_may_begin_again_after_signing_in(self, gateway, api):
        person = await make_account(api, "viewer")
        async with gateway.client() as browser:
            for _ in range(2):
                await fail(browser, person, TRIES_PER_ACCOUNT - 1)
                assert (await sign_in(browser, person.name)).status_code == 200

    async def test_gets_no_more_tries_by_making_them_at_once(self, gateway, api):
        person = await make_account(api, "viewer")
        async with gateway.client() as browser:
            answers = await asyncio.gather(
                *(sign_in(browser, person.name, "not the password") for _ in range(TRIES_PER_ACCOUNT + 4))
            )

        assert sorted(each.status_code for each in answers) == [401] * TRIES_PER_ACCOUNT + [429] * 4

    async def test_is_stopped_by_address_whatever_the_name_and_others_are_not(self, gateway, api):
        """One who guesses tokens counts as well; an IPv6 network is one address."""
        person = await make_account(api, "viewer")
        async with gateway.client() as browser:

            async def guess(number: int) -> int:
                headers = {"X-Forwarded-For": f"2001:db8:7:7::{number:x}"}
                body = {"token": f"my_guess{number}"}
                return (await browser.post("/v1/auth/login", json=body, headers=headers)).status_code

            assert [await guess(number) for number in range(52)] == [401] * 50 + [429] * 2
            blocked = {"X-Forwarded-For": "2001:db8:7:7::ffff"}
            problem_of(await sign_in(browser, person.name, **blocked), 429, "too_many_attempts")
            assert (await sign_in(browser, person.name)).status_code == 200


class TestTokensOfOnesOwn:
    async def test_everybody_makes_lists_and_deletes_them(self, gateway, api):
        person = await make_account(api, "viewer")
        async with signed_in(gateway, person) as browser:
            made = (await browser.post("/v1/tokens", json={"name": "mine", "role": "admin"})).json()
            async with gateway.client(made["secret"]) as client:
                me = (await client.get("/v1/me")).json()
            listed = (await browser.get("/v1/tokens")).json()["items"]
            gone = await browser.delete(f"/v1/tokens/{made['token']['id']}")

        assert (me["name"], me["role"], me["token_id"]) == (person.name, "viewer", made["token"]["id"])
        assert [(each["name"], each["owner"]) for each in listed] == [("mine", person.name)]
        assert gone.status_code == 204

    async def test_those_of_others_are_not_there_but_for_administrators(self, gateway, api):
        person = await make_account(api, "editor")
        async with signed_in(gateway, person) as browser:
            foreign = (await api.post("/v1/tokens", json={"name": "admin's"})).json()["token"]["id"]
            own = (await browser.post("/v1/tokens", json={"name": "own"})).json()["token"]["id"]

            problem_of(await browser.delete(f"/v1/tokens/{foreign}"), 404, "not_found")
            query = {"user": person.id}
            assert [each["id"] for each in (await api.get("/v1/tokens", params=query)).json()["items"]] == [
                own
            ]
            assert (await api.delete(f"/v1/tokens/{own}")).status_code == 204

    async def test_with_a_limited_one_nobody_gets_or_deletes_one_that_is_not(self, gateway, api, room):
        project, other = [
            (await api.post("/v1/projects", json=PROJECT | {"name": name})).json()["id"]
            for name in ("Cats", "Dogs")
        ]
        limited = {"name": "limited", "role": "editor", "projects": [project], "expires_in_days": 1}
        made = (await api.post("/v1/tokens", json=limited)).json()
        wide = (await api.post("/v1/tokens", json={"name": "wide", "role": "editor"})).json()["token"]["id"]
        async with gateway.client(made["secret"]) as client:
            me = (await client.get("/v1/me")).json()
            for more in ({"role": "admin"}, {"projects": None}):
                problem_of(await client.post("/v1/tokens", json=limited | more), 403, "token_limited")
            for unseen in (other, str(new_id())):
                asked = await client.post("/v1/tokens", json=limited | {"projects": [unseen]})
                problem_of(asked, 404, "not_found")
            problem_of(await client.delete(f"/v1/tokens/{wide}"), 403, "token_limited")
            longer = (await client.post("/v1/tokens", json=limited | {"expires_in_days": 9})).json()

        assert me["projects"] == [{"project_id": project, "role": "editor"}]
        assert longer["token"]["expires_at"] == made["token"]["expires_at"]
