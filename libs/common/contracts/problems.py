"""How an error is told at every door: RFC 9457, with what is wrong where."""

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """One thing wrong with the input: where (a field pointer or a row number) and what."""

    model_config = ConfigDict(frozen=True)

    message: str
    field: str | None = None
    row: int | None = None


class ProblemDetails(BaseModel):
    """RFC 9457 body, the one form in which an error crosses a door."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    retryable: bool = False
    errors: tuple[Problem, ...] = ()
