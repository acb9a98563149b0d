"""Versions of datasets over HTTP: history, differences, the way back, and edits that make new ones."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Page, View
from libs.common.contracts.samples import Sample
from libs.common.contracts.versions import (
    MAX_EDITS,
    AnnotateSample,
    Change,
    DatasetVersion,
    DeleteSample,
    DiffVersions,
    EditSamples,
    ListVersions,
    RestoreVersion,
    VersionDiff,
)
from services.gateway.access import EDIT, READ
from services.gateway.doors import House
from services.gateway.idempotency import IdempotentRoute
from services.gateway.paging import Paging

router = APIRouter(prefix="/v1", tags=["versions"], route_class=IdempotentRoute)
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Edits(View):
    remove: Annotated[tuple[UUID, ...], Field(max_length=MAX_EDITS)] = ()
    annotations: Annotated[dict[UUID, tuple[Annotation, ...]], Field(max_length=MAX_EDITS)] = {}
    message: Annotated[str, Field(max_length=500)] = ""


class NewAnnotations(View):
    """`version` is the one that was looked at: what changed since then is refused, not written over."""

    annotations: Annotated[tuple[Annotation, ...], Field(max_length=10_000)]
    version: int | None = None


@router.get("/datasets/{dataset_id}/versions", dependencies=[READ])
async def list_versions(dataset_id: UUID, house: House, paging: Paging) -> Page[DatasetVersion]:
    return await house.ask(ListVersions(dataset_id=dataset_id, query=paging))


@router.get("/datasets/{dataset_id}/versions/{version}/diff", dependencies=[READ])
async def diff_versions(
    dataset_id: UUID,
    version: Number,
    house: House,
    paging: Paging,
    against: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    change: Change | None = None,
) -> VersionDiff:
    """What leads from `against` (the version before when left out) to `version`."""
    return await house.ask(
        DiffVersions(dataset_id=dataset_id, version=version, against=against, change=change, query=paging),
        timeout_seconds=30,
    )


@router.post("/datasets/{dataset_id}/versions/{version}/restore", status_code=201, dependencies=[EDIT])
async def restore_version(dataset_id: UUID, version: Number, house: House) -> DatasetVersion:
    """A new version that holds what the old one held."""
    return await house.ask(RestoreVersion(dataset_id=dataset_id, version=version), timeout_seconds=60)


@router.patch("/datasets/{dataset_id}/samples", dependencies=[EDIT])
async def edit_samples(dataset_id: UUID, edits: Edits, house: House) -> DatasetVersion:
    """Several changes that make one version."""
    return await house.ask(EditSamples(dataset_id=dataset_id, **dict(edits)), timeout_seconds=30)


@router.put("/samples/{sample_id}/annotations", dependencies=[EDIT])
async def annotate_sample(sample_id: UUID, wanted: NewAnnotations, house: House) -> Sample:
    return await house.ask(AnnotateSample(sample_id=sample_id, **dict(wanted)))


@router.delete("/samples/{sample_id}", status_code=204, dependencies=[EDIT])
async def delete_sample(sample_id: UUID, house: House) -> None:
    """Gone from a new version on; older ones keep it."""
    await house.ask(DeleteSample(sample_id=sample_id))
