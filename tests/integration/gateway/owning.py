"""Rooms that only know whose things are, and what they were asked for lists of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from libs.common import contracts
from libs.common.bus import Bus, RequestDoor, serve
from libs.common.bus.requests import Endpoint
from libs.common.contracts.base import Page, Request, now
from libs.common.contracts.owners import MakersInDatasets, OwnersQuestion
from libs.common.contracts.projects import GetProject, Project
from libs.common.contracts.system import ListAlerts
from libs.common.errors import Conflict, NotFound
from libs.common.owners import in_order, projects_of
from tests.contract.test_doors import every_request


class NeverWas(NotFound):
    code = "never_was"


@dataclass
class Ownership:
    projects: dict[str, UUID | None] = field(default_factory=dict)
    makers: dict[str, UUID | None] = field(default_factory=dict)
    lists: list[Request[Any]] = field(default_factory=list)


@dataclass
class Unit:
    service: Ownership


async def owners(request: OwnersQuestion, known: Ownership) -> Any:
    return projects_of(request, known.projects, NeverWas, lambda _: "there is none")


async def makers(request: MakersInDatasets, known: Ownership) -> Any:
    found = {key: maker for key, maker in known.makers.items() if request.made_by in (None, maker)}
    return in_order(request.keys, found, NeverWas, lambda _: "there is none")


async def project(request: GetProject, known: Ownership) -> Any:
    """Whoever joins one asks whether it is still there."""
    moment = now()
    fields = {"name": "p", "task": "classification", "description": "", "num_datasets": 0}
    return Project.model_validate(
        {"id": request.project_id, "created_at": moment, "updated_at": moment, **fields}
    )


async def no_alerts(_: ListAlerts, __: Ownership) -> Any:
    return Page()


async def no_list(request: Request[Any], known: Ownership) -> Any:
    """What was asked for is all that is looked at."""
    known.lists.append(request)
    raise Conflict("no lists today")


def limited_requests() -> set[type[Request[Any]]]:
    """Every question about things of several projects."""
    for module in iter_modules(contracts.__path__, "libs.common.contracts."):
        import_module(module.name)
    found = (each for each in every_request() if not issubclass(each, OwnersQuestion))
    return {each for each in found if "within" in each.model_fields}


def _door() -> RequestDoor:
    door = RequestDoor()
    answers = dict.fromkeys(OwnersQuestion.__subclasses__(), owners)
    answers |= {MakersInDatasets: makers, GetProject: project, ListAlerts: no_alerts} | dict.fromkeys(
        limited_requests(), no_list
    )
    for request, function in answers.items():
        door.endpoints[request.subject] = Endpoint(request, function, TypeAdapter(request.answer_type))
    return door


@asynccontextmanager
async def knowing_owners(bus: Bus) -> AsyncIterator[Ownership]:
    known = Ownership()

    @asynccontextmanager
    async def open_unit() -> AsyncIterator[Unit]:
        yield Unit(known)

    async with serve(bus, "datasets", _door(), open_unit):
        yield known
