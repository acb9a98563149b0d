"""Splits of one dataset and of several."""

from libs.common.bus import RequestDoor
from libs.common.contracts.base import Page
from libs.common.contracts.datasets import (
    DataReference,
)
from libs.common.contracts.splits import (
    CheckLeaks,
    CombineSplits,
    CreateSplit,
    GetSplit,
    LeakReport,
    ListSplits,
    PreviewSplit,
    ReferSplit,
    Split,
    SplitPreview,
)
from services.datasets.service import Service

door = RequestDoor()


@door.answers
async def preview_split(request: PreviewSplit, service: Service) -> SplitPreview:
    return await service.splits.preview(request)


@door.answers
async def create_split(request: CreateSplit, service: Service) -> Split:
    return await service.splits.create(request)


@door.answers
async def list_splits(request: ListSplits, service: Service) -> Page[Split]:
    return await service.splits.list_splits(request.dataset_id, request.query)


@door.answers
async def get_split(request: GetSplit, service: Service) -> Split:
    return await service.splits.get(request.split_id)


@door.answers
async def refer_split(request: ReferSplit, service: Service) -> DataReference:
    return await service.splits.refer(request.split_id)


@door.answers
async def combine_splits(request: CombineSplits, service: Service) -> DataReference:
    return await service.combinations.combine(request)


@door.answers
async def check_leaks(request: CheckLeaks, service: Service) -> LeakReport:
    return await service.splits.check_leaks(request)
