"""Rules that hold for every route of the gateway, also for those that are still to come."""

import inspect
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr

from services.gateway import access
from services.gateway.access import OPEN, READ, OpenToAll, Rule
from services.gateway.app import create_app
from services.gateway.routes import ROUTERS
from services.gateway.settings import Settings
from tests.contract.references import references
from tests.contract.rules import RULE_OF

APP: FastAPI = create_app(Settings(admin_token=SecretStr("-"), token_key=SecretStr("-")))
OPENAPI = APP.openapi()
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
OPEN_PATHS = {"/healthz", "/readyz", "/asyncapi.json", "/v1/auth/login", "/v1/auth/logout"}
OPEN_PATHS |= {"/v1/auth", "/v1/auth/oidc", "/v1/auth/oidc/callback"}
# The page about the API, which the library adds.
DOCS = {"/docs", "/docs/oauth2-redirect"}
# They ask with a body and change nothing.
READING_POSTS = {
    "/v1/deployments/{name}/predict",
    "/v1/deployments/{name}/predict/batch",
    "/v1/deployments/{name}/evaluate",
    "/forward",
    "/forward_batch",
    "/evaluate",
    "/v1/datasets/{dataset_id}/splits/preview",
    "/v1/experiments/compare",
    "/v1/evaluations/compare",
}
# Of the caller's own account.
OWN_AFFAIRS = {"/v1/me/password", "/v1/tokens", "/v1/tokens/{token_id}"}
OWN_AFFAIRS |= {"/v1/auth/sessions", "/v1/auth/sessions/{session_id}"}


def routes() -> list[APIRoute]:
    found = [*APP.routes, *(route for router in ROUTERS for route in router.routes)]
    return [route for route in found if isinstance(route, APIRoute) and route.path not in DOCS]


def rules_of(route: APIRoute) -> list[Any]:
    return [each.dependency for each in route.dependencies if isinstance(each.dependency, Rule | OpenToAll)]


OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in OPENAPI["paths"].items()
    for method, operation in methods.items()
}


def name_of(route: APIRoute) -> str:
    return f"{','.join(sorted(route.methods or ()))} {route.path}"


def test_every_route_of_the_description_is_looked_at():
    assert {route.path for route in routes()} == set(OPENAPI["paths"])


@pytest.mark.parametrize("route", routes(), ids=name_of)
def test_has_exactly_one_access_rule(route):
    assert len(rules_of(route)) == 1


@pytest.mark.parametrize("route", routes(), ids=name_of)
def test_no_dependency_is_carried_into_a_thread(route):
    """FastAPI does so with what is not async; it costs more than all that these do."""

    def all_of(dependant: Any) -> Iterator[Any]:
        for each in dependant.dependencies:
            yield each.call
            yield from all_of(each)

    assert [
        call
        for call in all_of(route.dependant)
        if inspect.isfunction(call)
        and not inspect.iscoroutinefunction(call)
        and not inspect.isasyncgenfunction(call)
    ] == []


def test_only_health_and_login_are_open():
    assert {route.path for route in routes() if OPEN.dependency in rules_of(route)} == OPEN_PATHS


def test_whoever_may_only_read_changes_nothing():
    reading = {
        route.path
        for route in routes()
        if READ.dependency in rules_of(route) and (route.methods or set()) & CHANGING
    }

    assert reading <= READING_POSTS | OWN_AFFAIRS


@pytest.mark.parametrize("name", OPERATIONS)
def test_declares_its_errors_as_problem_json(name):
    for answers in ("4XX", "5XX"):
        (media_type,) = OPERATIONS[name]["responses"][answers]["content"]
        assert media_type == "application/problem+json"


@pytest.mark.parametrize("name", OPERATIONS)
def test_says_whether_it_wants_a_token(name):
    wanted = [] if name.partition(" ")[2] in OPEN_PATHS else [{"token": []}, {"session": []}]

    assert OPERATIONS[name].get("security", []) == wanted


def test_operations_have_names_of_their_own():
    counts = Counter(operation["operationId"] for operation in OPERATIONS.values())

    assert [name for name, count in counts.items() if count > 1] == []


def test_every_reference_of_the_description_leads_somewhere():
    known = set(OPENAPI["components"]["schemas"])

    assert {reference.rpartition("/")[2] for reference in references(OPENAPI)} <= known


@pytest.mark.parametrize("route", routes(), ids=name_of)
def test_has_the_rule_that_was_agreed(route):
    """`tests/contract/rules.py`; who may do what with each is tried in `tests/integration/gateway`."""
    agreed = {RULE_OF[method, route.path] for method in route.methods or ()}

    assert [getattr(access, name).dependency for name in agreed] == rules_of(route)


def test_no_rule_was_agreed_for_a_route_that_is_not_there():
    present = {(method, route.path) for route in routes() for method in route.methods or ()}

    assert set(RULE_OF) <= present
