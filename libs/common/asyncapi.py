"""The public facts as an AsyncAPI 3.0 document, made from the contracts: what one may subscribe to."""

from functools import cache
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from typing import Any

from pydantic.json_schema import models_json_schema

from libs.common import contracts
from libs.common.contracts.base import Fact, FactEnvelope

# Of this document; every fact has a version of its own.
VERSION = "1.0.0"
SCHEMAS = "#/components/schemas/"
Document = dict[str, Any]

DESCRIPTION = """What happens in Modelyard, told on NATS. Every message is a fact in an envelope: it has
happened, and is not taken back.

Facts of one thing (`aggregate_id`) come in the order of their `sequence`. A fact may come twice, with the
same `id`. Within a `schema_version` fields are only added. The stream `FACTS` keeps 30 days."""


def public_facts() -> dict[str, type[Fact]]:
    """By type; those that tests make for themselves are none of ours."""
    for module in iter_modules(contracts.__path__, f"{contracts.__name__}."):
        import_module(module.name)
    ours = {name: kind for name, kind in Fact.registry.items() if kind.__module__.startswith("libs.")}
    return dict(sorted(ours.items()))


@cache
def document() -> Document:
    facts = public_facts()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Modelyard facts",
            "version": VERSION,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"nats": _server()},
        "channels": {name: _channel(name, kind) for name, kind in facts.items()},
        "operations": {f"tell.{name}": _operation(name) for name in facts},
        "components": {
            "securitySchemes": {"integration": {"type": "userPassword"}},
            "messages": {name: _message(name, kind) for name, kind in facts.items()},
            "schemas": _schemas(facts),
        },
    }


def _server() -> Document:
    return {
        "host": "{host}:4222",
        "protocol": "nats",
        "description": "The house's NATS server; the user `integration` may subscribe to `facts.>`.",
        "variables": {"host": {"default": "127.0.0.1"}},
        "security": [{"$ref": "#/components/securitySchemes/integration"}],
    }


def _channel(name: str, kind: type[Fact]) -> Document:
    return {
        "address": f"facts.{kind.noun}.{kind.past}.{{{kind.about}}}",
        "title": name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "parameters": {kind.about: {"description": f"Which {kind.noun}; `*` for all."}},
    }


def _operation(name: str) -> Document:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }


def _message(name: str, kind: type[Fact]) -> Document:
    return {
        "name": name,
        "title": kind.__name__,
        "summary": " ".join(cleandoc(kind.__doc__ or name).split()),
        "contentType": "application/json",
        "payload": _payload(name, kind),
    }


def _payload(name: str, kind: type[Fact]) -> Document:
    """The envelope, with this fact in it."""
    ours = {
        "type": {"const": name},
        "schema_version": {"const": kind.schema_version},
        "data": {"$ref": f"{SCHEMAS}{kind.__name__}"},
    }
    return {"allOf": [{"$ref": f"{SCHEMAS}FactEnvelope"}, {"type": "object", "properties": ours}]}


def _schemas(facts: dict[str, type[Fact]]) -> Document:
    """As they are read: what has a default may be missing, in facts of an older release."""
    models = [(kind, "validation") for kind in (FactEnvelope, *facts.values())]
    _, found = models_json_schema(models, ref_template=f"{SCHEMAS}{{model}}")  # type: ignore[arg-type]
    return found["$defs"]
