"""The fact door of the datasets room: how its jobs ended when they did not end well."""

from libs.common.bus import EventDoor
from libs.common.contracts.base import JobSpec
from libs.common.contracts.dataset_exports import ExportDataset
from libs.common.contracts.imports import DetectSource, ImportDataset
from libs.common.contracts.jobs import JobCancelled, JobFailed
from services.datasets.service import Service

events = EventDoor()


@events.on
async def record_failure(fact: JobFailed, service: Service) -> None:
    await _record(fact, fact.code, fact.detail, service)


@events.on
async def record_cancellation(fact: JobCancelled, service: Service) -> None:
    await _record(fact, "cancelled", "It was cancelled on request", service)


async def _record(fact: JobFailed | JobCancelled, code: str, detail: str, service: Service) -> None:
    spec = JobSpec.registry[fact.kind].model_validate(fact.spec) if fact.kind in JobSpec.registry else None
    match spec:
        case ImportDataset():
            await service.imports.fail(spec, fact.job_id, code, detail)
        case DetectSource():
            await service.detections.fail(spec.detection_id, code, detail)
        case ExportDataset():
            await service.exports.fail(spec.export_id, code, detail)
        case _:
            """A job of another room."""
