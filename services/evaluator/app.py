"""Joins the doors of the evaluator room to its service."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db import Schema
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobQueue
from libs.common.room import Resources, Room
from services.evaluator.events import events
from services.evaluator.jobs import jobs
from services.evaluator.models import Model
from services.evaluator.repository import EvaluationRepository, ResultRepository
from services.evaluator.requests import requests
from services.evaluator.service import Comparisons, Evaluations, Results, Service
from services.evaluator.settings import Settings
from services.evaluator.shelf import Shelf
from services.evaluator.sweeping import sweep

# Of this process: what is on it is alike for whoever asks.
SHELF = Shelf()
SCHEMA = Schema("evaluator", Model.metadata, "services.evaluator.migrations")


def open_service(_: Resources[Any] | None, session: AsyncSession) -> Service:
    evaluations = Evaluations(EvaluationRepository(session), JobQueue(session), Outbox(session))
    repository = ResultRepository(session)
    results = Results(repository, evaluations, SHELF)
    return Service(evaluations, results, Comparisons(repository, evaluations, results, SHELF))


def room(settings: Settings) -> Room[Service]:
    return Room(
        name="evaluator",
        settings=settings,
        schema=SCHEMA,
        service=open_service,
        requests=requests,
        events=events,
        jobs=jobs,
        background=(sweep,),
    )
