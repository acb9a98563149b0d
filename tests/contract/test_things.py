"""Whatever names a thing in a request is looked at by the route's rule, also in routes still to come."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from libs.common.contracts.base import Slug
from services.gateway.things import Where, in_body, in_path, in_query, leaves, plan_of
from tests.contract.test_routes import OPENAPI, OPERATIONS, name_of, routes

SLUG = TypeAdapter(Slug).json_schema()["pattern"]
SCHEMAS = OPENAPI["components"]["schemas"]
# Only the gateway says for whom something is asked, never who calls.
OURS = {"within", "made_by"}
ROUTES = [route for route in routes() if route.include_in_schema]


def names_a_thing(where: Where, schema: Mapping[str, Any]) -> bool:
    name = where[-1] if where else ""
    return schema.get("format") == "uuid" or schema.get("pattern") == SLUG or name.endswith(("_id", "_ids"))


def parameters(route: APIRoute, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for operation in operations(route):
        for each in operation.get("parameters", ()):
            if each["in"] == kind:
                yield each["name"], each["schema"]


def operations(route: APIRoute) -> list[dict[str, Any]]:
    return [OPERATIONS[f"{method} {route.path}"] for method in route.methods or ()]


def body_fields(route: APIRoute) -> Iterator[tuple[Where, Mapping[str, Any]]]:
    for operation in operations(route):
        content = operation.get("requestBody", {}).get("content", {})
        yield from leaves(content.get("application/json", {}).get("schema", {}), SCHEMAS)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_every_part_of_a_path_is_a_thing_or_known_to_be_none(route):
    for name, schema in parameters(route, "path"):
        if in_path(route.path, name) is not None:
            assert schema.get("format") == "uuid" or schema.get("pattern") == SLUG


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_every_name_in_a_query_is_looked_at_or_only_limits_a_list(route):
    for name, schema in parameters(route, "query"):
        if any(names_a_thing((name,), part) for _, part in leaves(schema, SCHEMAS, (name,))):
            in_query(route.path, name)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_every_name_in_a_body_is_looked_at_or_free(route):
    planned = dict(plan_of(route).body)
    for where, schema in body_fields(route):
        if names_a_thing(tuple(part for part in where if part != "*"), schema):
            assert planned.get(where) == in_body(where)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_nobody_says_by_himself_what_he_may_see(route):
    named = {part for where, _ in body_fields(route) for part in where}
    named |= {name for name, _ in parameters(route, "query")}

    assert named & OURS == set()


def test_a_name_that_no_table_has_is_noticed():
    with pytest.raises(KeyError):
        in_path("/v1/studies/{study_id}", "study_id")
    with pytest.raises(KeyError):
        in_body(("trials", "*", "trial_id"))
    with pytest.raises(KeyError):
        in_query("/v1/studies", "study")
