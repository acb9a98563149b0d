"""Who may do what, as a table: every route, every role, member or not; and ids of other projects anywhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from libs.common.contracts.access import Role
from libs.common.contracts.datasets import DatasetReady
from libs.common.ids import new_id
from services.gateway.things import MADE, NAMED, Thing, in_path
from tests.contract.rules import RULE_OF
from tests.house import House
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.owning import Ownership, knowing_owners, limited_requests
from tests.integration.gateway.people import Person, join, make_account, signed_in

OURS, THEIRS = new_id(), new_id()
# What a path names beside things.
OTHERS = {"task": "classification", "version": "1", "alias": "champion", "name": "best"}
# Account, and role in the project that is ours; none of them is a member of theirs.
PEOPLE = {
    "a viewer": (Role.VIEWER, Role.ADMIN),
    "an editor who may read": (Role.EDITOR, Role.VIEWER),
    "an editor": (Role.EDITOR, Role.EDITOR),
    "an editor who manages": (Role.EDITOR, Role.ADMIN),
}
LEAST = {
    "READ": (Role.VIEWER, Role.VIEWER),
    "EDIT": (Role.EDITOR, Role.EDITOR),
    "MANAGE": (Role.EDITOR, Role.ADMIN),
}
AT_ONCE = 8


@dataclass
class Caller:
    client: httpx.AsyncClient
    person: Person | None = None
    role: Role = Role.ADMIN
    role_in_ours: Role = Role.ADMIN

    @property
    def is_administrator(self) -> bool:
        return self.person is None


@dataclass
class World:
    known: Ownership
    callers: dict[str, Caller]
    nobody: httpx.AsyncClient
    uploads: dict[str, str]

    def path(self, path: str, is_ours: bool, who: str) -> str:
        """Of what is ours, or of theirs; what is made by oneself belongs to who asks."""
        keys = {name: self._key(name, in_path(path, name), is_ours, who) for name in _names(path)}
        return path.format(**keys)

    def _key(self, name: str, thing: Thing | None, is_ours: bool, who: str) -> str:
        if thing is None:
            return OTHERS.get(name) or str(new_id())
        if thing in MADE:
            return self.uploads[who if is_ours else "somebody"]
        return key_of(thing, is_ours)


def key_of(thing: Thing, is_ours: bool) -> str:
    if thing is Thing.PROJECT:
        return str(OURS if is_ours else THEIRS)
    if thing in NAMED:
        return f"{thing.value}-of-{'us' if is_ours else 'them'}"
    return str(UUID(int=(OURS if is_ours else THEIRS).int + list(Thing).index(thing) + 1))


def _names(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


@pytest_asyncio.fixture(scope="module")
async def world(gateway: Gateway, house: House) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        known = await stack.enter_async_context(knowing_owners(house.bus))
        for thing, is_ours in product(set(Thing) - MADE, (True, False)):
            known.projects[key_of(thing, is_ours)] = OURS if is_ours else THEIRS
        admin = await stack.enter_async_context(gateway.client(gateway.token))
        nobody = await stack.enter_async_context(gateway.client())
        callers = {"the administrator": Caller(admin)}
        for name, (role, role_in_ours) in PEOPLE.items():
            person = await make_account(admin, role)
            await join(admin, OURS, person, role_in_ours)
            client = await stack.enter_async_context(signed_in(gateway, person))
            callers[name] = Caller(client, person, role, role_in_ours)
        uploads = {name: str(new_id()) for name in (*callers, "somebody")}
        for name, upload in uploads.items():
            person = callers[name].person if name in callers else None
            known.makers[upload] = UUID(person.id) if person else new_id()
        yield World(known, callers, nobody, uploads)


async def answered(client: httpx.AsyncClient, method: str, path: str, **body: Any) -> str:
    """401, 403, missing, or passed: whatever a room, or the lack of one, makes of it."""
    async with client.stream(method, path, **body) as answer:
        if answer.status_code not in (401, 403, 404):
            return "passed"
        if method == "HEAD":
            return "missing" if answer.status_code == 404 else str(answer.status_code)
        code = "" if not await answer.aread() else answer.json()["code"]
    if answer.status_code == 404:
        return "missing" if code == "never_was" else "passed"
    return f"{answer.status_code} {code}"


def expected(rule: str, path: str, caller: Caller, is_ours: bool) -> str:
    things = [thing for name in _names(path) if (thing := in_path(path, name))]
    if caller.is_administrator:
        return "passed"
    if things and not is_ours:
        return "missing"
    if rule in ("ADMINISTER", "EDIT_THERE"):
        # Without a body nothing is said of a project.
        return "403 role_too_low"
    at_all, in_project = LEAST[rule]
    is_low = caller.role.rank < at_all.rank
    if any(thing not in MADE for thing in things):
        # Who is a viewer stays one in every project.
        is_low |= caller.role_in_ours.lowered_to(_most(caller)).rank < in_project.rank
    return "403 role_too_low" if is_low else "passed"


def _most(caller: Caller) -> Role | None:
    return Role.VIEWER if caller.role is Role.VIEWER else None


TABLE = [(rule, method, path) for (method, path), rule in RULE_OF.items() if rule != "OPEN"]


async def mismatches(world: World, name: str, is_ours: bool) -> dict[str, tuple[str, str]]:
    """Routes that answer otherwise than the table says, with what was expected and what came."""
    caller, slots = world.callers[name], asyncio.Semaphore(AT_ONCE)
    found: dict[str, tuple[str, str]] = {}

    async def look(rule: str, method: str, path: str) -> None:
        async with slots:
            answer = await answered(caller.client, method, world.path(path, is_ours, name))
        if answer != (wanted := expected(rule, path, caller, is_ours)):
            found[f"{method} {path}"] = (wanted, answer)

    async with asyncio.TaskGroup() as group:
        for line in TABLE:
            if is_ours or any(in_path(line[2], each) for each in _names(line[2])):
                group.create_task(look(*line))
    return found


@pytest.mark.parametrize("name", ["the administrator", *PEOPLE])
async def test_every_route_of_what_is_ours(world: World, name: str):
    assert await mismatches(world, name, is_ours=True) == {}


@pytest.mark.parametrize("name", ["a viewer", "an editor who manages", "the administrator"])
async def test_every_route_of_what_is_another_project_s(world: World, name: str):
    """It is not there, not even for who may do everything in a project."""
    assert await mismatches(world, name, is_ours=False) == {}


async def test_nobody_passes_any_route_that_is_not_open(world: World):
    for _, method, path in TABLE:
        answer = await answered(world.nobody, method, world.path(path, True, "somebody"))
        assert answer.startswith("401"), (method, path)


THEIR = {thing.value: key_of(thing, False) for thing in Thing}
OUR = {thing.value: key_of(thing, True) for thing in Thing}
UPLOAD = {"source": {"type": "upload", "upload_id": "somebody's"}}
IN_BODIES: dict[str, tuple[str, str, Any]] = {
    "split_id": ("POST", "/v1/projects/{project}/experiments", {"name": "x", "split_id": THEIR["split"]}),
    "split_ids.1": (
        "POST",
        "/v1/projects/{project}/experiments",
        {"name": "x", "split_ids": [OUR["split"], THEIR["split"]]},
    ),
    "runs.1": ("POST", "/v1/experiments/compare", {"runs": [OUR["run"], THEIR["run"]]}),
    "experiments.0": ("POST", "/v1/experiments/compare", {"experiments": [THEIR["experiment"]]}),
    "right": (
        "POST",
        "/v1/evaluations/compare",
        {"left": OUR["evaluation"], "right": THEIR["evaluation"]},
    ),
    "like": ("POST", "/v1/experiments/{experiment}/runs", {"like": THEIR["run"]}),
    "from_checkpoint.run_id": (
        "POST",
        "/v1/experiments/{experiment}/runs",
        {"from_checkpoint": {"run_id": THEIR["run"]}},
    ),
    "experiment_id": ("POST", "/v1/queue", {"experiment_id": THEIR["experiment"]}),
    "before": ("PATCH", "/v1/queue/{job}", {"before": THEIR["job"]}),
    "export_id": ("POST", "/v1/models", {"name": "x", "export_id": THEIR["export"]}),
    "project_id": ("POST", "/v1/channels", {"name": "x", "project_id": THEIR["project"]}),
    "projects.0": ("POST", "/v1/tokens", {"name": "x", "projects": [THEIR["project"]]}),
    "model": ("POST", "/v1/deployments", {"name": "x", "model": THEIR["model"]}),
    "source.upload_id": ("POST", "/v1/projects/{project}/datasets", UPLOAD),
    "split": ("GET", "/v1/datasets/{dataset}/samples?split=" + THEIR["split"], None),
    "deployment": ("POST", "/forward?deployment=" + THEIR["deployment"], None),
}


@pytest.mark.parametrize("field", IN_BODIES)
async def test_an_id_of_theirs_in_a_body_or_a_query_is_missed_by_its_field(world: World, field: str):
    method, path, body = IN_BODIES[field]
    if body is UPLOAD:
        body = {"name": "x", "source": {"type": "upload", "upload_id": world.uploads["somebody"]}}
    client = world.callers["an editor who manages"].client

    answer = await client.request(method, path.format(**OUR), json=body)

    assert (answer.status_code, answer.json()["code"]) == (404, "never_was"), answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_a_channel_with_a_rule_of_ours_is_still_one_of_the_house_without_a_project(world: World):
    body = {"name": "x", "rules": [{"project_id": str(OURS)}, {}], "target": {}}

    answer = await world.callers["an editor who manages"].client.post("/v1/channels", json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")


async def test_every_list_is_limited_to_the_callers_projects(world: World):
    """The sweep over all routes has asked every question there is about several projects."""
    world.known.lists.clear()
    await mismatches(world, "an editor", is_ours=True)
    asked = {(type(each), each.within) for each in world.known.lists}  # type: ignore[attr-defined]

    assert asked == {(kind, (OURS,)) for kind in limited_requests()}


async def test_administrators_are_limited_to_nothing(world: World):
    world.known.lists.clear()
    await world.callers["the administrator"].client.get("/v1/projects")

    assert [each.within for each in world.known.lists] == [None]  # type: ignore[attr-defined]


async def test_facts_of_other_projects_are_not_heard_and_membership_ends_the_stream(
    world: World, house: House, gateway: Gateway
):
    admin = world.callers["the administrator"].client
    person = await make_account(admin, "viewer")
    await join(admin, OURS, person, "viewer")
    async with signed_in(gateway, person) as client, client.stream("GET", "/v1/events") as stream:
        lines = stream.aiter_lines()
        await asyncio.sleep(0.3)
        for project, name in ((THEIRS, "not for them"), (OURS, "for them")):
            await house.announce(ready(project, name))
        heard = await asyncio.wait_for(_next_data(lines), 15)
        await admin.patch(f"/v1/users/{person.id}", json={"is_active": False})
        await house.announce(ready(OURS, "too late"))
        rest = [line async for line in lines if line.startswith("data:")]

    assert "for them" in heard and "not for them" not in heard
    assert rest == []


def ready(project_id: UUID, name: str) -> DatasetReady:
    fields = {"version": 1, "num_samples": 1, "classes": ()}
    return DatasetReady.model_validate(
        {"project_id": project_id, "dataset_id": new_id(), "name": name, **fields}
    )


async def _next_data(lines: AsyncIterator[str]) -> str:
    async for line in lines:
        if line.startswith("data:"):
            return line
    raise AssertionError("the stream has ended")
