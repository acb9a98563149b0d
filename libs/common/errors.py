"""One family of errors; every door turns them into application/problem+json."""

from collections.abc import Sequence
from typing import ClassVar

from libs.common.contracts.problems import Problem, ProblemDetails


class ModelyardError(Exception):
    """Something a caller can read and act on; never raised for a bug of ours."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request could not be carried out"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, errors: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)

    def problem(self, request_id: str | None = None) -> ProblemDetails:
        return ProblemDetails(
            title=self.title,
            status=self.status,
            detail=self.detail,
            code=self.code,
            request_id=request_id,
            retryable=self.retryable,
            errors=self.errors,
        )


class BadInput(ModelyardError):
    code, status, title = "bad_input", 422, "The input is not valid"


class Unauthorized(ModelyardError):
    code, status, title = "unauthorized", 401, "Sign in first"


class Forbidden(ModelyardError):
    code, status, title = "forbidden", 403, "You may not do this"


class NotFound(ModelyardError):
    code, status, title = "not_found", 404, "There is no such thing"


class Conflict(ModelyardError):
    code, status, title = "conflict", 409, "This does not fit the present state"


class StaleLease(Conflict):
    code, title = "stale_lease", "The job was given to another worker"


class TooLarge(ModelyardError):
    code, status, title = "too_large", 413, "Too large"


class Unavailable(ModelyardError):
    code, status, title, retryable = "unavailable", 503, "A part of the system is away", True


class TimedOut(ModelyardError):
    code, status, title, retryable = "timed_out", 504, "The answer did not come in time", True


class InternalError(ModelyardError):
    """What a caller sees of a bug: a reference id, nothing from the inside."""

    code, status, title = "internal", 500, "Something broke on our side"


def error_from_problem(problem: ProblemDetails) -> ModelyardError:
    """The typed error again, on the caller's side of a door; unknown codes keep their status and words."""
    kind = _by_code().get(problem.code) or _unknown(problem)
    return kind(problem.detail, errors=problem.errors)


def _by_code() -> dict[str, type[ModelyardError]]:
    found: dict[str, type[ModelyardError]] = {}
    pending = [ModelyardError]
    while pending:
        kind = pending.pop()
        found.setdefault(kind.code, kind)
        pending.extend(kind.__subclasses__())
    return found


def _unknown(problem: ProblemDetails) -> type[ModelyardError]:
    parent = next(
        (kind for kind in ModelyardError.__subclasses__() if kind.status == problem.status), ModelyardError
    )
    members = {
        "code": problem.code,
        "status": problem.status,
        "title": problem.title,
        "retryable": problem.retryable,
    }
    return type("RemoteError", (parent,), members)
