"""Samples over HTTP, and their bytes straight from the packed shards."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from starlette.responses import StreamingResponse

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
from services.gateway.doors import Doors, House
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["samples"])
# A sample's bytes never change under its id; private, because they belong to members of the project.
CACHE = "private, max-age=31536000, immutable"
_IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff"})


@router.get("/datasets/{dataset_id}/samples", dependencies=[READ])
async def list_samples(
    dataset_id: UUID,
    house: House,
    paging: Paging,
    version: int | None = None,
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
async def get_sample(
    sample_id: UUID, house: House, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> Sample:
    """As it is in the newest version that has it, or as it was in `version`."""
    return await house.ask(GetSample(sample_id=sample_id, version=version))


@router.get("/samples/{sample_id}/image", dependencies=[READ], response_class=Response)
async def get_image(
    sample_id: UUID, house: House, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    return await _bytes(house, sample_id, "image", if_none_match)


@router.get("/samples/{sample_id}/thumbnail", dependencies=[READ], response_class=Response)
async def get_thumbnail(
    sample_id: UUID, house: House, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    return await _bytes(house, sample_id, "thumbnail", if_none_match)


async def _bytes(
    house: Doors, sample_id: UUID, rendition: Literal["image", "thumbnail"], known_etag: str | None
) -> Response:
    stored = await house.ask(LocateSample(sample_id=sample_id, rendition=rendition))
    etag = f'"{stored.etag}"'
    headers = {"Cache-Control": CACHE, "ETag": etag}
    if known_etag == etag:
        return Response(status_code=304, headers=headers)
    media_type = stored.media_type if stored.media_type in _IMAGES else "application/octet-stream"
    if media_type == "application/octet-stream":
        headers["Content-Disposition"] = "attachment"
    headers["Content-Length"] = str(stored.size_bytes)
    chunks = house.storage.stream(stored.key, stored.offset, stored.size_bytes)
    return StreamingResponse(chunks, headers=headers, media_type=media_type)
