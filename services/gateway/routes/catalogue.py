"""The tasks this installation knows, with the schema that their forms are made of."""

from fastapi import APIRouter

from libs.common.contracts.base import Page
from libs.common.contracts.catalogue import TaskDescription, TaskSummary
from libs.tasks import registry
from services.gateway.access import READ

router = APIRouter(prefix="/v1/tasks", tags=["catalogue"])


@router.get("", dependencies=[READ])
async def list_tasks() -> Page[TaskSummary]:
    return Page(items=tuple(manifest.summary() for manifest in registry.tasks().values()))


@router.get("/{task}", dependencies=[READ])
async def get_task(task: str) -> TaskDescription:
    return registry.task(task).describe()
