"""What the API says of itself beyond what FastAPI reads from the routes: forms of errors and of images."""

from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel

from libs.common.errors import ProblemDetails
from services.gateway.sent.json_images import ImagesAsJson

_REFERENCES = "#/components/schemas/{model}"
_MODELS: dict[type[BaseModel], Literal["serialization", "validation"]] = {
    ProblemDetails: "serialization",
    ImagesAsJson: "validation",
}


def describe(app: FastAPI) -> None:
    """`GET /openapi.json` with the schemas that `problems.RESPONSES` and bodies of images refer to."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        for model, mode in _MODELS.items():
            schema = model.model_json_schema(mode=mode, ref_template=_REFERENCES)
            document["components"]["schemas"] |= schema.pop("$defs") | {model.__name__: schema}
        return document

    app.openapi = openapi  # type: ignore[method-assign]
