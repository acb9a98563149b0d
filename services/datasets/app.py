"""Joins the doors of the datasets room to its service."""

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobQueue
from libs.common.room import Resources, Room
from libs.common.trash import Trash
from services.datasets import sources
from services.datasets.collecting import collect
from services.datasets.events import events
from services.datasets.jobs import jobs
from services.datasets.models import Model, TrashRow
from services.datasets.repository.combinations import CombinationRepository
from services.datasets.repository.datasets import DatasetRepository
from services.datasets.repository.detections import DetectionRepository
from services.datasets.repository.exports import ExportRepository
from services.datasets.repository.imports import ImportRepository
from services.datasets.repository.owners import OwnerRepository
from services.datasets.repository.pages import PageRepository
from services.datasets.repository.projects import ProjectRepository
from services.datasets.repository.samples import SampleRepository
from services.datasets.repository.splits import SplitRepository
from services.datasets.repository.uploads import UploadRepository
from services.datasets.repository.versions import VersionRepository
from services.datasets.requests import requests
from services.datasets.service import (
    Combinations,
    Datasets,
    Detections,
    Exports,
    Imports,
    Owners,
    Projects,
    Samples,
    Service,
    Splits,
    Uploads,
    Versions,
)
from services.datasets.settings import Settings
from services.datasets.sweeping import sweep

# A look at a source and an export need not wait for a long import.
JOB_SLOTS = 3
SCHEMA = Schema("datasets", Model.metadata, "services.datasets.migrations")


def open_service(resources: Resources[Settings], session: AsyncSession) -> Service:
    settings, storage = resources.settings, resources.storage
    outbox, queue = Outbox(session), JobQueue(session)
    projects, samples, imported = (
        ProjectRepository(session),
        SampleRepository(session),
        ImportRepository(session),
    )
    trash = Trash(session, TrashRow)
    uploads = Uploads(UploadRepository(session), trash, storage, settings.upload_lifetime)
    datasets = Datasets(
        DatasetRepository(session),
        trash,
        projects,
        uploads,
        queue,
        outbox,
        storage,
        check=partial(sources.check, settings=settings),
        is_there=partial(sources.is_there, resources=resources),
    )
    versions = Versions(VersionRepository(session), samples, datasets, outbox)
    imports = Imports(imported, samples, datasets, versions, outbox)
    splits = Splits(SplitRepository(session), samples, datasets, outbox, storage)
    detections = DetectionRepository(session)
    return Service(
        owners=Owners(OwnerRepository(session)),
        projects=Projects(projects, datasets, outbox),
        uploads=uploads,
        datasets=datasets,
        detections=Detections(detections, imported, imports, datasets, queue, settings.upload_lifetime),
        imports=imports,
        versions=versions,
        samples=Samples(samples, PageRepository(session), datasets),
        splits=splits,
        combinations=Combinations(CombinationRepository(session), splits, datasets, storage),
        exports=Exports(ExportRepository(session), imported, datasets, queue, outbox, storage),
    )


def room(settings: Settings) -> Room[Service]:
    return Room(
        name="datasets",
        settings=settings,
        schema=SCHEMA,
        service=open_service,
        requests=requests,
        events=events,
        jobs=jobs,
        job_slots=JOB_SLOTS,
        background=(sweep, collect),
    )
