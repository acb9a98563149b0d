"""The images of one prediction, however they are sent: as the body, as multipart files, in JSON."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from libs.common.errors import BadInput, Problem
from services.gateway.errors import BodyTooLarge, ContentTypeIsUnknown
from services.gateway.sent.fetching import Fetching
from services.gateway.sent.json_images import read_json
from services.gateway.sent.multipart import receive_files
from services.gateway.sent.spool import Spool

MOST_IMAGES = 64


def schema_of(more: dict[str, Any], *, has_json: bool = True) -> dict[str, Any]:
    """What the API's description says of bodies that FastAPI does not read."""
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    content = {**more, "multipart/form-data": {"schema": {"type": "object", "properties": {"images": files}}}}
    if has_json:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/ImagesAsJson"}}
    return {"requestBody": {"content": content, "required": True}}


BODY = schema_of({"image/*": {"schema": {"type": "string", "format": "binary"}}})


@dataclass(frozen=True)
class NamedImage:
    name: str
    data: bytes


async def images_of(request: Request, fetching: Fetching) -> list[NamedImage]:
    """What they are is told by their bytes, whatever the content type claims. Raises BadInput by row,
    ContentTypeIsUnknown, TooManyFiles."""
    images = await _images(request, fetching)
    if not images:
        raise BadInput("send at least one image", errors=[Problem(field="images", message="empty")])
    if empty := [Problem(row=row, message="0 bytes") for row, each in enumerate(images) if not each.data]:
        raise BadInput("an image is empty", errors=empty)
    return images


async def _images(request: Request, fetching: Fetching) -> list[NamedImage]:
    media_type = media_type_of(request)
    if is_one_image(media_type):
        return [NamedImage("image", await request.body())]
    match media_type:
        case "multipart/form-data":
            return await _of_multipart(request)
        case "application/json":
            found = read_json(await request.body(), MOST_IMAGES)
            return [NamedImage(*each) for each in await fetching.complete(found)]
    raise ContentTypeIsUnknown("send image/*, multipart/form-data or application/json")


async def _of_multipart(request: Request) -> list[NamedImage]:
    with Spool() as spool:
        content_type = request.headers["content-type"]
        pieces = await receive_files(content_type, request.stream(), spool, MOST_IMAGES)
        return [NamedImage(piece.filename, spool.piece(piece)) for piece in pieces]


def media_type_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_one_image(media_type: str) -> bool:
    return media_type.startswith("image/") or media_type == "application/octet-stream"


async def body_of(request: Request, most_bytes: int) -> bytes:
    """For a form that is read in memory, where the route takes more than that. Raises BodyTooLarge."""
    found = bytearray()
    size_bytes = 0
    async for chunk in request.stream():
        size_bytes += len(chunk)
        if size_bytes <= most_bytes:
            found += chunk
    if size_bytes > most_bytes:
        raise BodyTooLarge(f"JSON may have {most_bytes} bytes at most: send files or an archive")
    return bytes(found)
