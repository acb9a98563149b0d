"""A small room that answers as the datasets and trainer rooms would, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.common.bus import Bus, RequestContext, RequestDoor, current_context, serve
from libs.common.contracts.base import Page, Request, now
from libs.common.contracts.deployments import Deployment, ListDeployments
from libs.common.contracts.evaluations import EvaluationSummary, ListEvaluations
from libs.common.contracts.experiments import Experiment, GetExperiment
from libs.common.contracts.exports import Export, ListExports
from libs.common.contracts.owners import (
    MakersInDatasets,
    OwnersInDatasets,
    OwnersInTrainer,
    Projects,
)
from libs.common.contracts.projects import CreateProject, GetProject, ListProjects, Project
from libs.common.contracts.runs import GetRun, Run
from libs.common.contracts.samples import LocateSample, StoredBytes
from libs.common.contracts.splits import GetSplit, Split
from libs.common.contracts.uploads import GetUpload, StoreUpload, Upload, UploadState
from libs.common.errors import Conflict, NotFound
from libs.common.ids import new_id
from libs.common.owners import projects_of
from tests.factories import data_reference

door = RequestDoor()


@dataclass
class SmallRoom:
    projects: dict[UUID, Project] = field(default_factory=dict)
    runs: dict[UUID, Run] = field(default_factory=dict)
    uploads: dict[UUID, Upload] = field(default_factory=dict)
    samples: dict[UUID, StoredBytes] = field(default_factory=dict)
    owners: dict[str, UUID | None] = field(default_factory=dict)
    questions: list[Request[Any]] = field(default_factory=list)
    contexts: list[RequestContext] = field(default_factory=list)
    num_created: int = 0
    num_located: int = 0
    delay_seconds: float = 0

    def add_project(self) -> Project:
        moment = now()
        fields = {"name": f"P {new_id()}", "task": "sorting", "description": "", "num_datasets": 0}
        project = Project.model_validate(
            {"id": new_id(), "created_at": moment, "updated_at": moment, **fields}
        )
        self.projects[project.id] = project
        self.owners[str(project.id)] = project.id
        return project

    def add_run(self, state: str = "running", **changes: Any) -> Run:
        project_id = self.add_project().id
        fields = {"experiment_id": new_id(), "project_id": project_id, "name": "First run", "task": "sorting"}
        run = Run.model_validate(
            {"id": new_id(), **fields, "state": state, "attempt": 1, "then": (), "config": {}}
            | {"data": data_reference(), "job_id": new_id(), "created_at": now()}
            | changes
        )
        self.runs[run.id] = run
        self.owners[str(run.id)] = run.project_id
        return run

    def add_upload(self, key: str) -> Upload:
        upload = Upload(
            id=new_id(),
            filename="cats.zip",
            size_bytes=0,
            state=UploadState.OPEN,
            key=key,
            part_size_bytes=2**23,
            created_at=now(),
            expires_at=now() + timedelta(hours=1),
        )
        self.uploads[upload.id] = upload
        self.owners[str(upload.id)] = None
        return upload

    def add_sample(self, key: str, offset: int, size_bytes: int, media_type: str) -> UUID:
        sample_id = new_id()
        self.owners[str(sample_id)] = None
        self.samples[sample_id] = StoredBytes(
            key=key, offset=offset, size_bytes=size_bytes, media_type=media_type, etag="abc"
        )
        return sample_id

    async def owners_of(self, asked: OwnersInDatasets | OwnersInTrainer) -> Projects:
        self.questions.append(asked)
        await asyncio.sleep(self.delay_seconds)
        words = f"there is no such {asked.kind}"
        return projects_of(asked, self.owners, NotFound, lambda _: words)


@dataclass
class Unit:
    service: SmallRoom


@door.answers
async def create_project(request: CreateProject, room: SmallRoom) -> Project:
    room.contexts.append(current_context())
    await asyncio.sleep(room.delay_seconds)
    if any(project.name == request.name for project in room.projects.values()):
        raise Conflict(f"there is a project {request.name!r} already")
    room.num_created += 1
    project = Project(
        id=request.project_id or new_id(),
        name=request.name,
        task=request.task,
        description=request.description,
        num_datasets=0,
        created_at=now(),
        updated_at=now(),
    )
    room.projects[project.id] = project
    room.owners[str(project.id)] = project.id
    return project


@door.answers
async def owners_in_datasets(request: OwnersInDatasets, room: SmallRoom) -> Projects:
    return await room.owners_of(request)


@door.answers
async def owners_in_trainer(request: OwnersInTrainer, room: SmallRoom) -> Projects:
    return await room.owners_of(request)


@door.answers
async def makers_in_datasets(request: MakersInDatasets, room: SmallRoom) -> tuple[UUID | None, ...]:
    return tuple(room.owners[key] for key in request.keys)


@door.answers
async def get_project(request: GetProject, room: SmallRoom) -> Project:
    await asyncio.sleep(room.delay_seconds)
    if request.project_id not in room.projects:
        raise NotFound("there is no such project")
    return room.projects[request.project_id]


@door.answers
async def list_projects(request: ListProjects, room: SmallRoom) -> Page[Project]:
    return Page(items=tuple(room.projects.values())[: request.query.limit])


@door.answers
async def get_run(request: GetRun, room: SmallRoom) -> Run:
    if request.run_id not in room.runs:
        raise NotFound("there is no such run")
    return room.runs[request.run_id]


@door.answers
async def get_experiment(request: GetExperiment, room: SmallRoom) -> Experiment:
    run = next(each for each in room.runs.values() if each.experiment_id == request.experiment_id)
    return Experiment(
        id=run.experiment_id,
        project_id=run.project_id,
        name="Its experiment",
        task=run.task,
        num_runs=1,
        config={},
        data=run.data,
        created_at=run.created_at,
        updated_at=run.created_at,
    )


@door.answers
async def get_split(_: GetSplit, __: SmallRoom) -> Split:
    raise NotFound("it was deleted")


@door.answers
async def list_evaluations(_: ListEvaluations, __: SmallRoom) -> Page[EvaluationSummary]:
    return Page()


@door.answers
async def list_exports(_: ListExports, __: SmallRoom) -> Page[Export]:
    return Page()


@door.answers
async def list_deployments(_: ListDeployments, __: SmallRoom) -> Page[Deployment]:
    return Page()


@door.answers
async def get_upload(request: GetUpload, room: SmallRoom) -> Upload:
    return room.uploads[request.upload_id]


@door.answers
async def store_upload(request: StoreUpload, room: SmallRoom) -> Upload:
    stored = room.uploads[request.upload_id].model_copy(update={"state": UploadState.COMPLETE})
    room.uploads[request.upload_id] = stored
    return stored


@door.answers
async def locate_sample(request: LocateSample, room: SmallRoom) -> StoredBytes:
    room.num_located += 1
    if request.sample_id not in room.samples:
        raise NotFound("there is no such sample")
    return room.samples[request.sample_id]


@asynccontextmanager
async def answering(bus: Bus) -> AsyncIterator[SmallRoom]:
    room = SmallRoom()

    @asynccontextmanager
    async def open_unit() -> AsyncIterator[Unit]:
        yield Unit(room)

    async with serve(bus, "datasets", door, open_unit):
        yield room
