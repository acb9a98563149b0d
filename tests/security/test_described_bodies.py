"""Mass assignment and lists without end: what the API's own description takes, route by route."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.test_routes import OPENAPI, OPERATIONS

MOST_PER_PAGE = 200
# One list that is moved about as a whole.
LONGER = {"GET /v1/queue": 1000}
Found = tuple[str, dict[str, Any]]


def parts_of(schema: dict[str, Any], place: str, seen: frozenset[str] = frozenset()) -> Iterator[Found]:
    """Every schema below, once for each name."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        if name not in seen:
            yield from parts_of(OPENAPI["components"]["schemas"][name], name, seen | {name})
        return
    yield place, schema
    for name, field in schema.get("properties", {}).items():
        yield from parts_of(field, f"{place}.{name}", seen)
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for each in schema.get(word, ()):
            yield from parts_of(each, place, seen)
    if isinstance(items := schema.get("items"), dict):
        yield from parts_of(items, f"{place}[]", seen)


def bodies_of(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            yield content["schema"]


def parameters_of(operation: dict[str, Any], place: str) -> list[dict[str, Any]]:
    return [each for each in operation.get("parameters", ()) if each["in"] == place]


TAKING = [name for name, operation in OPERATIONS.items() if any(bodies_of(operation))]


@pytest.mark.parametrize("name", TAKING)
def test_no_body_takes_a_field_that_is_not_described(name: str):
    objects = [
        (place, part)
        for body in bodies_of(OPERATIONS[name])
        for place, part in parts_of(body, "body")
        if "properties" in part
    ]

    assert [place for place, part in objects if part.get("additionalProperties") is not False] == []


def test_no_list_gives_more_than_a_page():
    limits = {
        name: parameter["schema"]
        for name, operation in OPERATIONS.items()
        for parameter in parameters_of(operation, "query")
        if parameter["name"] == "limit"
    }

    assert len(limits) > 20
    assert {
        name: limit for name, limit in limits.items() if limit["maximum"] > LONGER.get(name, MOST_PER_PAGE)
    } == {}


def test_what_is_asked_for_has_an_end():
    """Texts of addresses: patterns and searches are short."""
    endless = [
        (name, parameter["name"])
        for name, operation in OPERATIONS.items()
        for parameter in parameters_of(operation, "query")
        for _, part in parts_of(parameter["schema"], "query")
        if part.get("type") == "string"
        and not part.keys() & {"maxLength", "enum", "const", "format", "pattern"}
    ]

    assert endless == []


def test_no_secret_is_ever_asked_for_in_an_address():
    asked = {
        parameter["name"].lower()
        for operation in OPERATIONS.values()
        for place in ("query", "path")
        for parameter in parameters_of(operation, place)
    }

    # By an id nobody gets in: it is drawn apart from the secret.
    words = ("token", "secret", "password", "session")
    assert {name for name in asked if any(word in name for word in words)} == {"token_id", "session_id"}
