"""How a request travels: JSON, and behind it what is attached as it is; base64 would add a third."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic_core import from_json

from libs.common.contracts.base import ON_THE_BUS, Request
from libs.common.errors import BadInput

SIZES_HEADER = "Modelyard-Sizes"
Asked = TypeVar("Asked", bound=Request[Any])


def packed(request: Request[Any]) -> tuple[bytes, dict[str, str]]:
    """The payload, and the headers that say how to read it."""
    if request.attached is None:
        return request.model_dump_json(context=ON_THE_BUS).encode(), {}
    parts: tuple[bytes, ...] = getattr(request, request.attached)
    head = request.model_dump_json(exclude={request.attached}, context=ON_THE_BUS).encode()
    sizes = ",".join(str(len(part)) for part in (head, *parts))
    return b"".join((head, *parts)), {SIZES_HEADER: sizes}


def unpacked(kind: type[Asked], payload: bytes, headers: Mapping[str, str]) -> Asked:
    """Raises BadInput for sizes that do not fit, ValidationError for what is no such request."""
    if kind.attached is None:
        return kind.model_validate_json(payload)
    head, *parts = _parts(payload, headers.get(SIZES_HEADER, str(len(payload))))
    try:
        fields = from_json(head)
    except ValueError as error:
        raise BadInput("the request is not JSON") from error
    if not isinstance(fields, dict):
        raise BadInput("the request is no object")
    return kind.model_validate({**fields, kind.attached: tuple(parts)})


def _parts(payload: bytes, told: str) -> list[bytes]:
    sizes = [int(size) for size in told.split(",") if size.isascii() and size.isdigit()]
    if sum(sizes) != len(payload) or len(sizes) != told.count(",") + 1:
        raise BadInput(f"{SIZES_HEADER} does not say how {len(payload)} bytes are made up")
    parts, start = [], 0
    for size in sizes:
        parts.append(payload[start : start + size])
        start += size
    return parts
