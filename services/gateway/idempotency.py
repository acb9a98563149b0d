"""`Idempotency-Key`: the first answer of a creating POST is kept and given again to its repetitions."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from libs.common.contracts.access import Caller
from libs.common.errors import BadInput, Problem
from services.gateway.access import admitted
from services.gateway.doors import doors_of
from services.gateway.errors import KeyWasUsed, RequestIsUnderWay
from services.gateway.things import Mention, Thing

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 200
Handle = Callable[[Request], Coroutine[Any, Any, Response]]
_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A repetition with the same key and body gets the first answer and creates nothing.",
    "schema": {"type": "string", "maxLength": MAX_KEY_LENGTH},
}


class IdempotentRoute(APIRoute):
    """The route class of every router that creates: acts only on a POST that carries the header."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if "POST" in (options.get("methods") or ()):
            extra = options.get("openapi_extra") or {}
            options["openapi_extra"] = {**extra, "parameters": [*extra.get("parameters", ()), _PARAMETER]}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handle:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if request.method != "POST" or not key:
                return await handle(request)
            # Before a kept answer is given: who may not see the thing any more does not get it so either.
            caller = await admitted(request)
            _require_length(key)
            return await _once(request, key, caller, handle)

        return handle_once


def _require_length(key: str) -> None:
    if len(key) > MAX_KEY_LENGTH:
        problem = Problem(field=HEADER, message=f"{MAX_KEY_LENGTH} characters at most")
        raise BadInput("this key is too long", errors=[problem])


async def _once(request: Request, key: str, caller: Caller, handle: Handle) -> Response:
    doors = doors_of(request)
    caller_id = caller.token_id or caller.user_id
    assert caller_id is not None
    digest = hashlib.sha256(request.url.path.encode() + b"\n" + await request.body()).digest()
    async with doors.answers() as answers:
        earlier = await answers.claim(caller_id, key, digest)
    if earlier is not None:
        if earlier.digest != digest:
            raise KeyWasUsed("use a new Idempotency-Key for a different request")
        if earlier.status is None:
            raise RequestIsUnderWay("ask again in a moment")
        if earlier.project_id is not None:
            # Also where the request names nothing yet, for it has made the project.
            await doors.owners.of(doors, caller, [Mention(Thing.PROJECT, str(earlier.project_id))])
        return Response(earlier.body, earlier.status, media_type=earlier.media_type)
    try:
        response = await handle(request)
    except BaseException:
        # A refused request created nothing: its key may be used again after the mend.
        async with doors.answers() as answers:
            await answers.forget(caller_id, key)
        raise
    async with doors.answers() as answers:
        media_type = response.headers.get("content-type", "application/json")
        project_id = getattr(request.state, "project_id", None)
        await answers.keep(caller_id, key, response.status_code, media_type, bytes(response.body), project_id)
    return response
