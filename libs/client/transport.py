"""HTTP under the SDK: one connection pool, typed answers, typed errors, keyset pages as iterators."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from libs.client.connection import Connection
from libs.common.contracts.base import Page
from libs.common.errors import ModelyardError, ProblemDetails, Unavailable, error_from_problem
from libs.common.ids import new_id

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Query = Mapping[str, Any]


class Transport:
    """Raises the same `ModelyardError` family that the rooms raise."""

    def __init__(self, connection: Connection, *, timeout_seconds: float = 60.0) -> None:
        self.http = httpx.Client(
            base_url=connection.url,
            headers={"Authorization": f"Bearer {connection.token}"},
            timeout=timeout_seconds,
            transport=httpx.HTTPTransport(retries=2),
        )

    def get(self, kind: type[Answer], path: str, query: Query | None = None, **options: Any) -> Answer:
        return self.call(kind, "GET", path, query=query, **options)

    def post(
        self, kind: type[Answer], path: str, body: BaseModel | Query | None = None, **options: Any
    ) -> Answer:
        """Safe to repeat: every call carries an Idempotency-Key of its own."""
        return self.call(kind, "POST", path, body=body, headers={"Idempotency-Key": str(new_id())}, **options)

    def call(
        self,
        kind: Any,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: BaseModel | Query | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Any:
        if body is not None:
            options["json"] = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
        params = {name: value for name, value in (query or {}).items() if value is not None}
        response = self.send(method, path, params=params, headers=headers, **options)
        if kind is None:
            return None
        with uncollected():
            return TypeAdapter(kind).validate_json(response.content)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self.http.request(method, path, **options)
        except httpx.TransportError as error:
            raise Unavailable(f"the gateway at {self.http.base_url} cannot be reached") from error
        if response.is_error:
            raise error_of(response)
        return response

    def save(self, path: str, file: Path, query: Query | None = None) -> Path:
        """The answer's body as a file, whatever its size."""
        params = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            with self.http.stream("GET", path, params=params) as response:
                if response.is_error:
                    raise error_of(response)
                with file.open("wb") as target:
                    for chunk in response.iter_bytes():
                        target.write(chunk)
        except httpx.TransportError as error:
            raise Unavailable(f"the line to the gateway at {self.http.base_url} broke") from error
        return file

    def pages(self, item: type[Item], path: str, query: Query | None = None) -> Iterator[Item]:
        """All items of a list, page by page as they are consumed."""
        cursor: str | None = None
        while True:
            page: Page[Item] = self.get(Page[item], path, {**(query or {}), "limit": 200, "cursor": cursor})
            yield from page.items
            if page.next_cursor is None:
                return
            cursor = page.next_cursor


@contextmanager
def uncollected() -> Iterator[None]:
    """While an answer is read nothing of it is garbage: looking for some took four fifths of the time that
    thousands of predictions take."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


def error_of(response: httpx.Response) -> ModelyardError:
    response.read()
    try:
        return error_from_problem(ProblemDetails.model_validate_json(response.content))
    except ValidationError:
        return Unavailable(f"the gateway answered {response.status_code} without an explanation")
