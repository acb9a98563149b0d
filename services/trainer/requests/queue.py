"""The queue as people see and order it."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Page
from libs.common.contracts.jobs import (
    Job,
)
from libs.common.contracts.queue import (
    ChangeQueueSettings,
    DeviceNeeds,
    GetQueueSettings,
    ListQueue,
    ListQueueHistory,
    MoveJob,
    QueueEntry,
    QueueSettings,
    RemoveFromQueue,
    RequireDevice,
)
from services.trainer.service import Service

door = RequestDoor()


@door.answers
async def list_queue(request: ListQueue, service: Service) -> tuple[QueueEntry, ...]:
    return await service.queue.entries(request)


@door.answers
async def list_queue_history(request: ListQueueHistory, service: Service) -> Page[QueueEntry]:
    return await service.queue.history(request)


@door.answers
async def move_job(request: MoveJob, service: Service) -> Job:
    return await service.queue.move(request)


@door.answers
async def remove_from_queue(request: RemoveFromQueue, service: Service) -> Job:
    return await service.queue.remove(request.job_id)


@door.answers
async def get_queue_settings(request: GetQueueSettings, service: Service) -> QueueSettings:
    return await service.queue.settings()


@door.answers
async def change_queue_settings(request: ChangeQueueSettings, service: Service) -> QueueSettings:
    return await service.queue.change(request)


@door.answers
async def require_device(request: RequireDevice, service: Service) -> DeviceNeeds:
    return await service.nodes.require_device(request.device, request.kind)
