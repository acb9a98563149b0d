"""Joins the doors of the datasets room to its service."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobQueue
from libs.common.room import Resources, Room
from services.datasets.events import events
from services.datasets.jobs import jobs
from services.datasets.models import Model
from services.datasets.repository.datasets import DatasetRepository
from services.datasets.repository.projects import ProjectRepository
from services.datasets.repository.samples import SampleRepository
from services.datasets.repository.splits import SplitRepository
from services.datasets.repository.uploads import UploadRepository
from services.datasets.requests import requests
from services.datasets.service import Datasets, Projects, Samples, Service, Splits, Uploads
from services.datasets.settings import Settings
from services.datasets.sweeping import sweep

SCHEMA = Schema("datasets", Model.metadata, "services.datasets.migrations")


def open_service(resources: Resources[Settings], session: AsyncSession) -> Service:
    storage, outbox = resources.storage, Outbox(session)
    projects, samples = ProjectRepository(session), SampleRepository(session)
    uploads = Uploads(UploadRepository(session), storage, resources.settings.upload_lifetime)
    datasets = Datasets(DatasetRepository(session), projects, samples, uploads, JobQueue(session), outbox)
    return Service(
        projects=Projects(projects, datasets, outbox),
        uploads=uploads,
        datasets=datasets,
        samples=Samples(samples, datasets),
        splits=Splits(SplitRepository(session), samples, datasets, outbox, storage),
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
        background=(sweep,),
    )
