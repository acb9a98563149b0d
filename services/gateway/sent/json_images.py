"""Images as JSON: base64 of their files, or URLs where the operator allows them."""

import binascii
from base64 import b64decode
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from libs.common.contracts.base import View
from libs.common.errors import BadInput, Problem
from services.gateway.errors import TooManyFiles

# `data:image/png;base64,` as browsers write it in front.
LONGEST_PREFIX = 100


class ImageByUrl(View):
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class ImagesAsJson(View):
    """Each as base64 of its file, or `{"url": …}` where this installation fetches images."""

    images: Annotated[tuple[str | ImageByUrl, ...], Field(min_length=1)]


def read_json(body: bytes, most: int) -> tuple[bytes | ImageByUrl, ...]:
    """Raises BadInput by field or row."""
    try:
        wanted = ImagesAsJson.model_validate_json(body)
    except ValidationError as error:
        raise _not_of_this_form(error) from error
    if len(wanted.images) > most:
        raise TooManyFiles(f"{len(wanted.images)} images; {most} are the limit of one request")
    return tuple(_read(row, image) for row, image in enumerate(wanted.images))


def _read(row: int, image: str | ImageByUrl) -> bytes | ImageByUrl:
    if isinstance(image, ImageByUrl):
        return image
    if image.startswith("data:"):
        prefix, _, rest = image[: LONGEST_PREFIX + 1].partition(",")
        image = image[len(prefix) + 1 :] if rest or prefix.endswith(";base64") else image
    try:
        return b64decode(image, validate=True)
    except (binascii.Error, ValueError) as error:
        problem = Problem(row=row, message="this is not base64")
        raise BadInput("an image is not base64", errors=[problem]) from error


def _not_of_this_form(error: ValidationError) -> BadInput:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [
        # Which of the forms of an image was tried says nothing to who sent neither.
        Problem(field=".".join(map(str, each["loc"][:2])) or "body", message=each["msg"])
        for each in found[:100]
    ]
    return BadInput("the JSON is not of the expected form", errors=problems)
