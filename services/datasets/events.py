"""The fact door of the datasets room: how its import jobs ended when they did not end well."""

from libs.common.bus import EventDoor
from libs.common.contracts.datasets import ImportDataset
from libs.common.contracts.jobs import JobCancelled, JobFailed
from services.datasets.service import Service

events = EventDoor()


@events.on
async def record_failure(fact: JobFailed, service: Service) -> None:
    if fact.kind == ImportDataset.kind:
        spec = ImportDataset.model_validate(fact.spec)
        await service.datasets.fail(spec.dataset_id, fact.code, fact.detail)


@events.on
async def record_cancellation(fact: JobCancelled, service: Service) -> None:
    if fact.kind == ImportDataset.kind:
        spec = ImportDataset.model_validate(fact.spec)
        await service.datasets.fail(spec.dataset_id, "cancelled", "The import was cancelled on request")
