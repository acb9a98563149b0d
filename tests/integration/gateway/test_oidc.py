"""Signing in with an identity provider that speaks the real protocol."""

import time
from collections.abc import Iterator

import httpx
import pytest
from joserfc.jwk import RSAKey

from infra.local.ports import choose_ports
from libs.common.ids import new_id
from tests.integration.gateway.conftest import Gateway, running_gateway
from tests.integration.gateway.people import make_account
from tests.integration.gateway.provider import CLIENT_ID, CLIENT_SECRET, SmallProvider, running_provider
from tests.integration.gateway.test_http import problem_of
from tests.stack import TestStack


@pytest.fixture(scope="module")
def running() -> Iterator[SmallProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: SmallProvider) -> Iterator[SmallProvider]:
    """Somebody new in every test."""
    running.claims = {"sub": new_id().hex, "preferred_username": f"Ada-{new_id().hex[-12:]}"}
    yield running
    running.changes, running.signs_with = {}, None


@pytest.fixture(scope="module")
def house_with(stores: TestStack, gateway: Gateway, running: SmallProvider) -> Iterator[Gateway]:
    """Another gateway of the house, with the provider."""
    ports = choose_ports(("http", "metrics"), {})
    oidc = {"ISSUER": running.issuer, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    settings = {f"MODELYARD_OIDC__{name}": value for name, value in oidc.items()}
    with running_gateway(stores, ports["http"], ports["metrics"], settings) as opened:
        yield opened


async def come_back(browser: httpx.AsyncClient) -> str:
    """As far as the address that the provider sends the browser to."""
    begun = await browser.get("/v1/auth/oidc")
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as elsewhere:
        return (await elsewhere.get(begun.headers["location"])).headers["location"]


async def sign_in(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(await come_back(browser))


async def test_the_first_sign_in_makes_an_account_and_the_second_finds_it(house_with, provider):
    async with house_with.client() as browser:
        answer = await sign_in(browser)
        first = (await browser.get("/v1/me")).json()
    async with house_with.client() as browser:
        await sign_in(browser)
        second = (await browser.get("/v1/me")).json()

    assert (answer.status_code, answer.headers["location"]) == (303, house_with.console)
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert (first["name"], first["role"]) == (str(provider.claims["preferred_username"]).lower(), "viewer")
    assert second["user_id"] == first["user_id"]


async def test_who_is_not_signed_in_is_told_whether_there_is_a_provider(house_with, api):
    async with house_with.client() as browser:
        told = (await browser.get("/v1/auth")).json()
    without = (await api.get("/v1/auth")).json()

    assert (told, without) == ({"provider": "the identity provider"}, {"provider": None})


async def test_nobody_becomes_another_by_a_name_or_an_address(house_with, provider, api):
    mine = await make_account(api, "admin", email="ada@example.org")
    provider.claims |= {"preferred_username": mine.name, "email": "ada@example.org", "email_verified": False}
    async with house_with.client() as browser:
        await sign_in(browser)
        me = (await browser.get("/v1/me")).json()
    user = (await api.get(f"/v1/users/{me['user_id']}")).json()
    await api.delete(f"/v1/users/{mine.id}")

    assert me["user_id"] != mine.id and me["name"].startswith(f"{mine.name}-")
    assert (user["role"], user["email"], user["is_external"]) == ("viewer", None, True)
    assert not user["has_password"]


async def test_an_account_that_is_not_active_stays_outside(house_with, provider, api):
    async with house_with.client() as browser:
        await sign_in(browser)
        me = (await browser.get("/v1/me")).json()
        await api.patch(f"/v1/users/{me['user_id']}", json={"is_active": False})

        problem_of(await sign_in(browser), 401, "account_inactive")


async def test_it_ends_only_in_the_browser_where_it_began(house_with, provider):
    async with house_with.client() as browser, house_with.client() as another:
        address = await come_back(browser)
        problem_of(await another.get(address), 401, "sign_in_failed")
        problem_of(await browser.get(address.replace("state=", "state=x")), 401, "sign_in_failed")
        assert (await browser.get(address)).status_code == 303
        problem_of(await browser.get(address), 401, "sign_in_failed")  # a code is good for once


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://elsewhere.example"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
    ],
    ids=lambda claims: next(iter(claims)),
)
async def test_an_id_token_that_is_not_for_us_now_opens_nothing(house_with, provider, claims):
    provider.claims |= claims
    async with house_with.client() as browser:
        answer = await sign_in(browser)

        problem_of(answer, 401, "sign_in_failed")
        problem_of(await browser.get("/v1/me"), 401, "token_missing")


async def test_an_id_token_that_another_has_signed_opens_nothing(house_with, provider):
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
    async with house_with.client() as browser:
        problem_of(await sign_in(browser), 401, "sign_in_failed")


@pytest.mark.parametrize("name", ["issuer", "token_endpoint", "jwks_uri"])
async def test_nobody_is_asked_but_the_issuer_that_is_set(house_with, provider, name):
    provider_says = {name: "http://127.0.0.1:1/elsewhere"}
    async with house_with.client() as browser:
        address = await come_back(browser)
        provider.changes = provider_says

        problem_of(await browser.get(address), 503, "issuer_away")


async def test_without_a_provider_there_is_no_such_door(gateway: Gateway):
    async with gateway.client() as browser:
        problem_of(await browser.get("/v1/auth/oidc"), 404, "oidc_off")
