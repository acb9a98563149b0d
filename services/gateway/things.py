"""Which parts of a request name things that belong to somebody: read off each route once.

A contract test refuses a route with a name that is in none of these tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from libs.common.contracts.base import Slug

Where = tuple[str, ...]
EACH = "*"


class Thing(StrEnum):
    PROJECT = "project"
    DATASET = "dataset"
    SAMPLE = "sample"
    SPLIT = "split"
    DATASET_EXPORT = "dataset_export"
    EXPERIMENT = "experiment"
    RUN = "run"
    JOB = "job"
    EVALUATION = "evaluation"
    EXPORT = "export"
    MODEL = "model"
    DEPLOYMENT = "deployment"
    CHANNEL = "channel"
    UPLOAD = "upload"
    DETECTION = "detection"


# What is known by its name, which is given anew once its bearer is gone.
NAMED = frozenset({Thing.MODEL, Thing.DEPLOYMENT})
# Things of whoever made them, not of a project.
MADE = frozenset({Thing.UPLOAD, Thing.DETECTION})

IN_PATHS: Mapping[str, Thing] = {
    "project_id": Thing.PROJECT,
    "dataset_id": Thing.DATASET,
    "sample_id": Thing.SAMPLE,
    "split_id": Thing.SPLIT,
    "experiment_id": Thing.EXPERIMENT,
    "run_id": Thing.RUN,
    "job_id": Thing.JOB,
    "evaluation_id": Thing.EVALUATION,
    "export_id": Thing.EXPORT,
    "channel_id": Thing.CHANNEL,
    "upload_id": Thing.UPLOAD,
    "detection_id": Thing.DETECTION,
    "/v1/datasets/{dataset_id}/exports/{export_id}": Thing.DATASET_EXPORT,
    "/v1/models/{name}": Thing.MODEL,
    "/v1/deployments/{name}": Thing.DEPLOYMENT,
}
# Nobody's, or a part of what the path names before.
FREE_IN_PATHS = frozenset(
    {"user_id", "token_id", "session_id", "task", "version", "alias", "/v1/runs/{run_id}/checkpoints/{name}"}
    | {"/v1/system/nodes/{name}"}
)

IN_QUERIES: Mapping[str, Thing] = {"split": Thing.SPLIT, "deployment": Thing.DEPLOYMENT}
# Filters of lists: what is of other projects is in none of these, whatever is asked for (`within`).
FREE_IN_QUERIES = frozenset(
    {"project", "project_id", "run", "experiment", "model", "channel", "user"}
    # A part of the dataset in the path; a machine; the name of what is made.
    | {"report_id", "/deploy/{experiment_id}?deployment"}
)

IN_BODIES: Mapping[str, Thing] = {
    "project_id": Thing.PROJECT,
    "projects": Thing.PROJECT,
    "dataset_id": Thing.DATASET,
    "split_id": Thing.SPLIT,
    "split_ids": Thing.SPLIT,
    "experiment_id": Thing.EXPERIMENT,
    "experiments": Thing.EXPERIMENT,
    "run_id": Thing.RUN,
    "runs": Thing.RUN,
    "like": Thing.RUN,
    "before": Thing.JOB,
    "after": Thing.JOB,
    "left": Thing.EVALUATION,
    "right": Thing.EVALUATION,
    "export_id": Thing.EXPORT,
    "model": Thing.MODEL,
    "upload_id": Thing.UPLOAD,
}
# Names of what is made, which another project's bearer refuses; samples of the dataset in the path.
FREE_IN_BODIES = frozenset({"name", "deployment", "alias", "remove", "annotations"})
# Only looked at, whatever the route does: weights to begin with, neighbours in the queue.
LOOKED_AT = frozenset({("from_checkpoint", "run_id"), ("before",), ("after",)})

_ID, _NAME = TypeAdapter(UUID), TypeAdapter(Slug)


@dataclass(frozen=True)
class Mention:
    """`field` says where, for a problem; None in a path."""

    thing: Thing
    key: str
    field: str | None = None
    is_looked_at: bool = False


@dataclass(frozen=True)
class Plan:
    """Where a route's requests name things."""

    path: tuple[tuple[str, Thing], ...]
    query: tuple[tuple[str, Thing], ...]
    body: tuple[tuple[Where, Thing], ...]

    async def mentions(self, request: Request) -> tuple[Mention, ...]:
        """What cannot be a key is left to the route, which refuses it by its type."""
        found = [*self._in_path(request), *self._in_query(request)]
        if self.body:
            found += self._in_body(await _content(request))
        return tuple(found)

    def _in_path(self, request: Request) -> Iterator[Mention]:
        for name, thing in self.path:
            if (key := key_of(thing, request.path_params[name])) is not None:
                yield Mention(thing, key)

    def _in_query(self, request: Request) -> Iterator[Mention]:
        for name, thing in self.query:
            for value in request.query_params.getlist(name):
                if (key := key_of(thing, value)) is not None:
                    yield Mention(thing, key, name)

    def _in_body(self, content: object) -> Iterator[Mention]:
        for where, thing in self.body:
            for field, value in _values(content, where):
                if (key := key_of(thing, value)) is not None:
                    yield Mention(thing, key, field, where in LOOKED_AT)


def key_of(thing: Thing, value: object) -> str | None:
    try:
        if thing in NAMED:
            return _NAME.validate_python(value)
        return str(_ID.validate_python(value))
    except ValidationError:
        return None


_plans: dict[tuple[str, str], Plan] = {}


def plan_of(route: APIRoute) -> Plan:
    key = ",".join(sorted(route.methods or ())), route.path
    if key not in _plans:
        _plans[key] = _plan(route)
    return _plans[key]


def _plan(route: APIRoute) -> Plan:
    names = {name: in_path(route.path, name) for name in route.param_convertors}
    queries = {name: in_query(route.path, name) for name in IN_QUERIES}
    return Plan(
        tuple((name, thing) for name, thing in names.items() if thing),
        tuple((name, thing) for name, thing in queries.items() if thing),
        tuple((where, IN_BODIES[_name(where)]) for where in _fields(route) if _name(where) in IN_BODIES),
    )


def in_path(path: str, name: str) -> Thing | None:
    """By the whole path up to it, or by its name. Raises KeyError for what no table has."""
    whole = path[: path.index(f"{{{name}}}")] + f"{{{name}}}"
    if whole in IN_PATHS:
        return IN_PATHS[whole]
    if name in FREE_IN_PATHS or whole in FREE_IN_PATHS:
        return None
    return IN_PATHS[name]


def in_query(path: str, name: str) -> Thing | None:
    if name in FREE_IN_QUERIES or f"{path}?{name}" in FREE_IN_QUERIES:
        return None
    return IN_QUERIES[name]


def in_body(where: Where) -> Thing | None:
    return None if _name(where) in FREE_IN_BODIES else IN_BODIES[_name(where)]


def _name(where: Where) -> str:
    return next(part for part in reversed(where) if part != EACH)


def _fields(route: APIRoute) -> Iterator[Where]:
    """Every place in the route's body that a string, or a list of some, may stand at."""
    if route.body_field is None:
        return
    body: Any = route.body_field.field_info.annotation
    schema = TypeAdapter(body).json_schema()
    yield from dict.fromkeys(where for where, _ in leaves(schema, schema.get("$defs", {})))


def leaves(
    schema: Mapping[str, Any], known: Mapping[str, Any], where: Where = (), seen: Where = ()
) -> Iterator[tuple[Where, Mapping[str, Any]]]:
    """Parts of a JSON schema that have no parts of their own, and names of fields that may be anything."""
    reference = schema.get("$ref")
    if reference is not None and reference not in seen:
        yield from leaves(known[reference.rpartition("/")[2]], known, where, (*seen, reference))
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from leaves(choice, known, where, seen)
    for name, part in schema.get("properties", {}).items():
        yield from leaves(part, known, (*where, name), seen)
    for part in (schema.get("items"), schema.get("additionalProperties"), *schema.get("prefixItems", ())):
        if isinstance(part, Mapping):
            yield from leaves(part, known, (*where, EACH), seen)
    if isinstance(names := schema.get("propertyNames"), Mapping):
        yield where, {"type": "string", **names}
    if schema.get("type") == "string":
        yield where, schema


async def _content(request: Request) -> object:
    """As the route will read it; what is no JSON it refuses."""
    try:
        return await request.json()
    except ValueError:
        return None


def _values(content: object, where: Where, field: str = "") -> Iterator[tuple[str, object]]:
    match where, content:
        case (), _:
            yield field, content
        case ("*", *rest), list():
            for number, each in enumerate(content):
                yield from _values(each, tuple(rest), f"{field}.{number}".lstrip("."))
        case ("*", *rest), dict():
            for name, each in content.items():
                yield from _values(each, tuple(rest), f"{field}.{name}".lstrip("."))
        case (name, *rest), dict() if name in content:
            yield from _values(content[name], tuple(rest), f"{field}.{name}".lstrip("."))
        case _:
            pass
