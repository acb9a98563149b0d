"""People of a stack: accounts made for a test, and what signs them in."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import httpx

from libs.client import Connection, Modelyard
from libs.common.contracts.access import Role
from libs.common.ids import new_id
from tests.stack import TestStack

COOKIE = "modelyard_session"
PASSWORD = "correct horse battery"


def make_account(yard: Modelyard, role: Role, name: str = "somebody") -> str:
    """Its name, which nobody else has."""
    return yard.users.create(f"{name}-{new_id().hex[-8:]}", role, password=PASSWORD).user.name


def id_of(yard: Modelyard, name: str) -> UUID:
    return next(user.id for user in yard.users.list(name) if user.name == name)


def sign_in(stack: TestStack, name: str, password: str = PASSWORD) -> str:
    """The secret of a session, which browsers get as a cookie."""
    answer = httpx.post(f"{stack.gateway_url}/v1/auth/login", json={"name": name, "password": password})
    answer.raise_for_status()
    return answer.cookies[COOKIE]


@contextmanager
def connected_as(stack: TestStack, name: str) -> Iterator[Modelyard]:
    with Modelyard(Connection(stack.gateway_url, sign_in(stack, name))) as yard:
        yield yard
