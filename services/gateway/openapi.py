"""What the API says of itself beyond what FastAPI reads from the routes: the form of every error."""

from typing import Any

from fastapi import FastAPI

from libs.common.errors import ProblemDetails

_REFERENCES = "#/components/schemas/{model}"


def describe(app: FastAPI) -> None:
    """`GET /openapi.json` with the schemas that `problems.RESPONSES` refers to."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schema = ProblemDetails.model_json_schema(mode="serialization", ref_template=_REFERENCES)
        document["components"]["schemas"] |= schema.pop("$defs") | {"ProblemDetails": schema}
        return document

    app.openapi = openapi  # type: ignore[method-assign]
