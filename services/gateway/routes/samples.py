"""Samples over HTTP, and their bytes straight from the packed shards."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from libs.common.contracts.base import Page
from libs.common.contracts.samples import (
    GetSample,
    ListSamples,
    LocateSample,
    Sample,
    SampleFilter,
    SampleSort,
)
from services.gateway.access import READ
from services.gateway.content import content_response
from services.gateway.doors import Doors, House
from services.gateway.paging import Paging
from services.gateway.places import Rendition

router = APIRouter(prefix="/v1", tags=["samples"])
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
PARTS: dict[int | str, dict[str, Any]] = {
    206: {"description": "The range of bytes that was asked for"},
    304: {"description": "The caller has these bytes already"},
}


@router.get("/datasets/{dataset_id}/samples", dependencies=[READ])
async def list_samples(
    dataset_id: UUID,
    house: House,
    paging: Paging,
    version: Version = None,
    label: Annotated[str | None, Query(max_length=300)] = None,
    split: UUID | None = None,
    subset: Annotated[str | None, Query(max_length=60)] = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    sort: SampleSort = "name",
) -> Page[Sample]:
    wanted = SampleFilter(label=label, split_id=split, subset=subset, text=q)
    return await house.ask(
        ListSamples(dataset_id=dataset_id, version=version, filter=wanted, sort=sort, query=paging)
    )


@router.get("/samples/{sample_id}", dependencies=[READ])
async def get_sample(sample_id: UUID, house: House, version: Version = None) -> Sample:
    """As it is in the newest version that has it, or as it was in `version`."""
    return await house.ask(GetSample(sample_id=sample_id, version=version))


@router.head(
    "/samples/{sample_id}/image", dependencies=[READ], response_class=Response, include_in_schema=False
)
@router.get("/samples/{sample_id}/image", dependencies=[READ], response_class=Response, responses=PARTS)
async def get_image(sample_id: UUID, house: House, request: Request) -> Response:
    """The bytes that were imported, whole or a range; kept by browsers for ever."""
    return await _content(house, sample_id, "image", request)


@router.head(
    "/samples/{sample_id}/thumbnail", dependencies=[READ], response_class=Response, include_in_schema=False
)
@router.get("/samples/{sample_id}/thumbnail", dependencies=[READ], response_class=Response, responses=PARTS)
async def get_thumbnail(sample_id: UUID, house: House, request: Request) -> Response:
    """A small upright JPEG of an image; 404 for samples of other kinds."""
    return await _content(house, sample_id, "thumbnail", request)


async def _content(house: Doors, sample_id: UUID, rendition: Rendition, request: Request) -> Response:
    stored = house.places.get(sample_id, rendition)
    if stored is None:
        stored = await house.ask(LocateSample(sample_id=sample_id, rendition=rendition))
        house.places.remember(sample_id, rendition, stored)
    return await content_response(request, stored, house.storage)
