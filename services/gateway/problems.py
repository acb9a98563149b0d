"""Every error leaves as application/problem+json; bugs leave a reference id and nothing from the inside."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from libs.common.bus.context import current_context
from libs.common.errors import BadInput, InternalError, ModelyardError, Problem, ProblemDetails
from libs.common.log import get_logger
from services.gateway.errors import TooManyAttempts

MEDIA_TYPE = "application/problem+json"
_SCHEMA = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
# What every route may answer beside its own answer, as the API's description says it.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Something the caller can mend; `code` says what", "content": _SCHEMA},
    "5XX": {"description": "A part of the system is away or broke; see `retryable`", "content": _SCHEMA},
}
log = get_logger(__name__)


def problem_response(problem: ProblemDetails) -> Response:
    headers = {"Retry-After": "1"} if problem.retryable else {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, problem.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    app.add_exception_handler(ModelyardError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _known(_: Request, error: Exception) -> Response:
    assert isinstance(error, ModelyardError)
    response = problem_response(error.problem(current_context().request_id))
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [Problem(field=pointer(found["loc"]), message=found["msg"]) for found in error.errors()]
    bad = BadInput(f"{len(problems)} field(s) are not valid", errors=problems[:100])
    return problem_response(bad.problem(current_context().request_id))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ModelyardError):
        # FastAPI wraps whatever comes up while it reads a body; a body too large is one of ours.
        return await _known(request, error.__cause__)
    problem = ProblemDetails(
        title=str(error.detail),
        status=error.status_code,
        detail=str(error.detail),
        code={404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error"),
        request_id=current_context().request_id,
    )
    response = problem_response(problem)
    response.headers.update(error.headers or {})
    if error.status_code == 405 and (methods := _methods_of(request)):
        response.headers["Allow"] = methods
    return response


def _methods_of(request: Request) -> str:
    """Of every route with this path: the one that refused knows only its own."""
    path = getattr(request.scope.get("route"), "path", "")
    return ", ".join(sorted(method.upper() for method in request.app.openapi()["paths"].get(path, ())))


def bug_response(error: Exception) -> Response:
    request_id = current_context().request_id
    log.error("request_failed", exc_info=error, request_id=request_id)
    return problem_response(InternalError(f"please report the reference {request_id}").problem(request_id))


def pointer(location: Sequence[Any]) -> str:
    """`("body", "ratios", "train")` → `ratios.train`; where it came from is left out."""
    parts = [str(part) for part in location]
    if len(parts) > 1 and parts[0] in ("body", "query", "path", "header"):
        parts = parts[1:]
    return ".".join(parts)
