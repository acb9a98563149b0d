"""What others build on, as it was agreed; `python -m tests.contract.pinned` renews it."""

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from libs.common import asyncapi
from libs.common.contracts.base import Fact
from services.gateway.app import create_app
from services.gateway.settings import Settings

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"


def openapi() -> dict[str, Any]:
    """Of the gateway; the version of the release is no part of the agreement."""
    document = create_app(Settings(admin_token=SecretStr("-"), token_key=SecretStr("-"))).openapi()
    return document | {"info": document["info"] | {"version": "-"}}


def facts() -> dict[str, Any]:
    """By type: what an integration may subscribe to."""
    return {name: described(kind) for name, kind in asyncapi.public_facts().items()}


def described(kind: type[Fact]) -> dict[str, Any]:
    subject = f"facts.{kind.noun}.{kind.past}.<{kind.about}>"
    return {"subject": subject, "version": kind.schema_version, "schema": kind.model_json_schema()}


# The last one is for people, too.
PINNED = {
    HERE / "openapi.json": openapi,
    HERE / "facts.json": facts,
    DOCS / "asyncapi.json": asyncapi.document,
}


def as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def broken_promises(agreed: dict[str, Any], present: dict[str, Any]) -> list[str]:
    """Fields that a fact has lost or given another form without a new version."""
    return [
        f"{name}.{field}"
        for name, old in agreed.items()
        if name in present and present[name]["version"] == old["version"]
        for field, form in promised(old["schema"]).items()
        if promised(present[name]["schema"]).get(field) != form
    ]


def promised(schema: dict[str, Any]) -> dict[str, Any]:
    """Every field with its form, and every value of a choice, also of what is nested."""
    parts = {"": schema, **schema.get("$defs", {})}
    fields = {
        f"{part}.{field}".lstrip("."): form
        for part, body in parts.items()
        for field, form in body.get("properties", {}).items()
    }
    choices = {f"{part}={value}": value for part, body in parts.items() for value in body.get("enum", ())}
    return fields | choices


def renew() -> None:
    if broken := broken_promises(json.loads((HERE / "facts.json").read_text()), facts()):
        raise SystemExit(f"a new schema_version is due, for subscribers know {', '.join(broken)}")
    for file, document in PINNED.items():
        file.write_text(as_text(document()))


if __name__ == "__main__":
    renew()
