"""Jobs of all rooms, who asks for them, and facts on their way."""

from collections import Counter
from math import nan

from prometheus_client import Gauge

from libs.common.contracts.attempts import TrainRun
from libs.common.contracts.base import now
from libs.common.db.outbox import Outbox
from libs.common.jobs import JobLimits
from libs.common.jobs.backlog import backlogs
from libs.common.room import Resources
from services.trainer.models import WorkerRow
from services.trainer.repository import Repository
from services.trainer.repository.workers import PRESENT_FOR
from services.trainer.settings import Settings

JOBS = Gauge(
    "modelyard_queue_jobs",
    "Jobs of all rooms; `state` is queued or running, `pool` cpu, gpu or any",
    ["kind", "state", "pool"],
)
OLDEST = Gauge(
    "modelyard_queue_oldest_seconds", "How long the first job waits that could start", ["kind", "pool"]
)
PAUSED = Gauge("modelyard_queue_paused", "1 while no job of the kind starts", ["kind"])
WORKERS = Gauge("modelyard_workers", "Workers that ask for jobs of a kind", ["kind", "pool"])
OUTBOX = Gauge("modelyard_outbox_waiting", "Facts that are not published yet")
OUTBOX_OLDEST = Gauge("modelyard_outbox_oldest_seconds", "How long the first of them has waited")


async def measure_queue(resources: Resources[Settings]) -> None:
    for gauge in (JOBS, OLDEST, WORKERS):
        gauge.clear()
    async with resources.database.transaction() as session:
        counted = await backlogs(session)
        present = await Repository(session).workers.present(now() - PRESENT_FOR)
        settings = await JobLimits(session).get(TrainRun.kind)
    for each in counted:
        JOBS.labels(each.kind, each.state, each.pool).set(each.number)
        if each.state == "queued":
            OLDEST.labels(each.kind, each.pool).set(each.seconds)
    for (kind, pool), number in Counter(_serves([worker for worker, _ in present])).items():
        WORKERS.labels(kind, pool).set(number)
    PAUSED.labels(TrainRun.kind).set(settings.is_paused)


async def measure_outbox(resources: Resources[Settings]) -> None:
    OUTBOX.set(nan)
    OUTBOX_OLDEST.set(nan)
    async with resources.database.transaction() as session:
        number, seconds = await Outbox(session).waiting()
    OUTBOX.set(number)
    OUTBOX_OLDEST.set(seconds)


def _serves(workers: list[WorkerRow]) -> list[tuple[str, str]]:
    return [(kind, worker.pool) for worker in workers for kind in worker.kinds]
