"""The work door of a room: which function does which kind of job."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, get_type_hints

from libs.common.contracts.base import JobSpec
from libs.common.jobs.work import Work

Does = Callable[[Any, Work[Any]], Awaitable[None]]
Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])


class JobDoor:
    """`@jobs.does` on `async def import_dataset(spec: ImportDataset, work: Work[Service]) -> None`."""

    def __init__(self) -> None:
        self._functions: dict[str, Does] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._functions)

    def does(self, function: Function) -> Function:
        """The kind of job is that of the first parameter's type."""
        first = next(iter(inspect.signature(function).parameters))
        spec = get_type_hints(function)[first]
        if not (isinstance(spec, type) and issubclass(spec, JobSpec) and spec.kind):
            raise TypeError(f"{function.__qualname__} does not name the JobSpec it does")
        if spec.kind in self._functions:
            raise TypeError(f"two functions do {spec.kind}")
        self._functions[spec.kind] = function
        return function

    def function(self, kind: str) -> Does:
        return self._functions[kind]
