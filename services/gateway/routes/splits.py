"""Splits over HTTP: look first, then save for good."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from libs.common.contracts.base import Name, Page, View
from libs.common.contracts.splits import (
    CheckLeaks,
    CreateSplit,
    GetSplit,
    Group,
    LeakReport,
    ListSplits,
    PreviewSplit,
    RatioSplit,
    Split,
    SplitMethod,
    SplitPreview,
)
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["splits"], route_class=IdempotentRoute)


class WantedSplit(View):
    version: int | None = None
    method: SplitMethod = RatioSplit()


class NewSplit(WantedSplit):
    name: Name = "split"


class WantedCheck(View):
    near_duplicates: Annotated[int, Field(ge=0, le=16)] = 4
    group: Group | None = None


@router.post("/datasets/{dataset_id}/splits/preview", dependencies=[READ])
async def preview_split(dataset_id: UUID, wanted: WantedSplit, house: House) -> SplitPreview:
    return await house.ask(
        PreviewSplit(dataset_id=dataset_id, version=wanted.version, method=wanted.method),
        timeout_seconds=60,
    )


@router.get("/datasets/{dataset_id}/splits", dependencies=[READ])
async def list_splits(dataset_id: UUID, house: House, paging: Paging) -> Page[Split]:
    return await house.ask(ListSplits(dataset_id=dataset_id, query=paging))


@router.post("/datasets/{dataset_id}/splits", status_code=201, dependencies=[EDIT])
async def create_split(dataset_id: UUID, split: NewSplit, house: House) -> Split:
    return await house.ask(
        CreateSplit(dataset_id=dataset_id, version=split.version, name=split.name, method=split.method),
        timeout_seconds=60,
    )


@router.get("/splits/{split_id}", dependencies=[READ])
async def get_split(split_id: UUID, house: House) -> Split:
    return await house.ask(GetSplit(split_id=split_id))


@router.post("/splits/{split_id}/leaks", dependencies=[READ])
async def check_leaks(split_id: UUID, wanted: WantedCheck, house: House) -> LeakReport:
    """Any split, an imported one too; nothing is stored."""
    return await house.ask(
        CheckLeaks(split_id=split_id, near_duplicates=wanted.near_duplicates, group=wanted.group),
        timeout_seconds=60,
    )
