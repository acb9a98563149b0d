"""Accounts of a test, and what they call with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx

from libs.common.ids import new_id
from tests.integration.gateway.conftest import Gateway

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    role: str


async def make_account(api: httpx.AsyncClient, role: str, **fields: object) -> Person:
    body = {"name": f"{role}-{new_id().hex[-12:]}", "role": role, "password": PASSWORD} | fields
    made = await api.post("/v1/users", json=body)
    assert made.status_code == 201, made.text
    user = made.json()["user"]
    return Person(user["id"], user["name"], user["role"])


async def join(api: httpx.AsyncClient, project_id: UUID, person: Person, role: str) -> None:
    joined = await api.put(f"/v1/projects/{project_id}/members/{person.id}", json={"role": role})
    assert joined.status_code == 200, joined.text


@asynccontextmanager
async def signed_in(gateway: Gateway, person: Person) -> AsyncIterator[httpx.AsyncClient]:
    """In a browser, on the console's pages."""
    async with gateway.client() as browser:
        browser.headers["Origin"] = gateway.console
        answer = await browser.post("/v1/auth/login", json={"name": person.name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield browser
