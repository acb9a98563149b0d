"""Splits over HTTP: look first, then save for good; what lies on both sides of one."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from libs.common.contracts.base import Name, Page, View
from libs.common.contracts.splits import (
    CheckLeaks,
    CreateSplit,
    Distance,
    FieldGroup,
    FolderGroup,
    GetSplit,
    Group,
    LeakReport,
    ListSplits,
    NameGroup,
    PreviewSplit,
    RatioSplit,
    Split,
    SplitMethod,
    SplitPreview,
    Version,
)
from libs.common.errors import BadInput, Problem
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["splits"], route_class=IdempotentRoute)
# A million samples are looked at within seconds, but not always alone; saving writes a row for each, too.
PATIENCE_SECONDS = 60
SAVING_SECONDS = 180


class WantedSplit(View):
    version: Version | None = None
    method: SplitMethod = RatioSplit()


class NewSplit(WantedSplit):
    name: Name = "split"


async def group_query(
    group_by: Literal["folder", "field", "name"] | None = None,
    depth: Annotated[int, Query(ge=1, le=20, description="of folders")] = 1,
    field: Annotated[str | None, Query(min_length=1, max_length=400)] = None,
    separator: Annotated[str, Query(min_length=1, max_length=3, description="of names")] = "-",
) -> Group | None:
    match group_by:
        case "folder":
            return FolderGroup(depth=depth)
        case "name":
            return NameGroup(separator=separator)
        case "field":
            return FieldGroup(field=_required(field))
        case None:
            return None


def _required(field: str | None) -> str:
    if field is None:
        raise BadInput("say which field", errors=[Problem(field="field", message="say which field")])
    return field


@router.post("/datasets/{dataset_id}/splits/preview", dependencies=[READ])
async def preview_split(dataset_id: UUID, wanted: WantedSplit, house: House) -> SplitPreview:
    return await house.ask(
        PreviewSplit(dataset_id=dataset_id, version=wanted.version, method=wanted.method),
        timeout_seconds=PATIENCE_SECONDS,
    )


@router.get("/datasets/{dataset_id}/splits", dependencies=[READ])
async def list_splits(dataset_id: UUID, house: House, paging: Paging) -> Page[Split]:
    return await house.ask(ListSplits(dataset_id=dataset_id, query=paging))


@router.post("/datasets/{dataset_id}/splits", status_code=201, dependencies=[EDIT])
async def create_split(dataset_id: UUID, split: NewSplit, house: House) -> Split:
    return await house.ask(
        CreateSplit(dataset_id=dataset_id, version=split.version, name=split.name, method=split.method),
        timeout_seconds=SAVING_SECONDS,
    )


@router.get("/splits/{split_id}", dependencies=[READ])
async def get_split(split_id: UUID, house: House) -> Split:
    return await house.ask(GetSplit(split_id=split_id))


@router.get("/splits/{split_id}/leaks", dependencies=[READ])
async def check_leaks(
    split_id: UUID,
    house: House,
    group: Annotated[Group | None, Depends(group_query)],
    near_duplicates: Annotated[Distance, Query()] = 4,
) -> LeakReport:
    """What lies on both sides: the same bytes, images that look alike, parts of one group."""
    return await house.ask(
        CheckLeaks(split_id=split_id, near_duplicates=near_duplicates, group=group),
        timeout_seconds=PATIENCE_SECONDS,
    )
