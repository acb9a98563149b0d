"""Predictions over HTTP."""

import binascii
from base64 import b64decode
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError

from libs.common.contracts.base import View
from libs.common.contracts.deployments import Predict, PredictionAnswer
from libs.common.errors import BadInput, Problem
from services.gateway.access import READ
from services.gateway.doors import House
from services.gateway.routes.deployments import DeploymentName

router = APIRouter(prefix="/v1/deployments", tags=["predictions"])

MAX_IMAGES = 64


class ImagesAsJson(View):
    """Images as base64 of their files."""

    images: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_IMAGES)]


@router.post(
    "/{name}/predict",
    dependencies=[READ],
    openapi_extra={
        "requestBody": {
            "content": {
                "image/*": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "images": {"type": "array", "items": {"type": "string", "format": "binary"}}
                        },
                    }
                },
                "application/json": {"schema": ImagesAsJson.model_json_schema()},
            },
            "required": True,
        }
    },
)
async def predict(name: DeploymentName, request: Request, house: House) -> PredictionAnswer:
    """One image as the raw body, several as multipart files, or base64 in JSON; answers in the same order."""
    images = await _images(request)
    return await house.ask(Predict(name=name, images=images), timeout_seconds=30)


async def _images(request: Request) -> tuple[bytes, ...]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    match media_type:
        case "application/json":
            images = _decoded(await request.body())
        case "multipart/form-data":
            form = await request.form(max_files=MAX_IMAGES)
            files = (part for _, part in form.multi_items() if not isinstance(part, str))
            images = tuple([await part.read() for part in files])
        case _ if media_type.startswith("image/") or media_type == "application/octet-stream":
            images = (await request.body(),)
        case _:
            problem = Problem(
                field="content-type", message="image/*, multipart/form-data or application/json"
            )
            raise BadInput("this content type is not an image", errors=[problem])
    if not images:
        raise BadInput("send at least one image", errors=[Problem(field="images", message="empty")])
    empty = [Problem(row=row, message="0 bytes") for row, image in enumerate(images) if not image]
    if empty:
        raise BadInput("an image is empty", errors=empty)
    return images


def _decoded(body: bytes) -> tuple[bytes, ...]:
    try:
        wanted = ImagesAsJson.model_validate_json(body)
    except ValidationError as error:
        problems = [
            Problem(field=".".join(map(str, found["loc"])), message=found["msg"]) for found in error.errors()
        ]
        raise BadInput("the JSON is not of the expected form", errors=problems) from error
    images: list[bytes] = []
    for row, text in enumerate(wanted.images):
        try:
            images.append(b64decode(text, validate=True))
        except binascii.Error as error:
            raise BadInput("an image is not base64", errors=[Problem(row=row, message=str(error))]) from error
    return tuple(images)
