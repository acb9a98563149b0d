"""What browsers are told: nothing that somebody put into the house runs on a page of it."""

from functools import cache

import httpx
import pytest
from fastapi import FastAPI
from headers import policy
from httpx import ASGITransport
from pydantic import SecretStr

from services.gateway.app import create_app
from services.gateway.settings import Settings

PLACES = (
    "/v1/projects",
    "/no/such/place",
    "/openapi.json",
    "/static-offline-docs/swagger-ui.css",
    "/healthz",
)


@cache
def app(is_secure: bool) -> FastAPI:
    return create_app(Settings(admin_token=SecretStr("-"), token_key=SecretStr("-"), cookie_secure=is_secure))


def gateway(is_secure: bool = False) -> httpx.AsyncClient:
    """Without its resources: what is answered before anything is asked has the same headers."""
    transport = ASGITransport(app(is_secure), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


def parts_of(said: str) -> dict[str, set[str]]:
    return {name: set(values) for name, *values in (part.split() for part in said.split("; "))}


@pytest.mark.parametrize("place", PLACES)
async def test_nothing_of_the_gateway_is_a_page(place: str):
    async with gateway() as client:
        headers = (await client.get(place)).headers

    said = parts_of(headers["content-security-policy"])
    assert said["default-src"] == said["frame-ancestors"] == {"'none'"} and "sandbox" in said
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


async def test_the_page_about_the_api_reaches_nobody_else():
    async with gateway() as client:
        said = parts_of((await client.get("/docs")).headers["content-security-policy"])

    assert said["default-src"] == said["frame-ancestors"] == {"'none'"}
    assert said["connect-src"] == {"'self'"}


@pytest.mark.parametrize("is_secure", [True, False])
async def test_behind_tls_browsers_are_told_to_stay_there(is_secure: bool):
    async with gateway(is_secure) as client:
        assert ("strict-transport-security" in (await client.get("/healthz")).headers) is is_secure


def test_the_console_runs_no_script_that_stands_in_a_page():
    said = parts_of(policy("https://models.example/api"))

    assert said["script-src"] & {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"} == set()
    assert said["frame-ancestors"] == said["object-src"] == said["frame-src"] == {"'none'"}


def test_the_console_reaches_the_gateway_and_nobody_else():
    far, near = parts_of(policy("https://models.example/api")), parts_of(policy("http://127.0.0.1:8080"))

    assert far["connect-src"] == {"'self'", "https://models.example"}
    assert near["connect-src"] == {"'self'", "http://127.0.0.1:8080", "http://localhost:8080"}
    assert far["img-src"] == {"'self'", "data:", "blob:", "https://models.example"}
