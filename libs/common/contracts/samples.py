"""Samples: one image (text, row) with its annotations, and where its bytes lie."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Page, PageQuery, Request, View

SampleSort = Literal["name", "-name", "created", "-created", "size", "-size"]


class Sample(View):
    id: UUID
    dataset_id: UUID
    name: str
    size_bytes: int
    width: int
    height: int
    sha256: str
    subset: str | None = None
    annotations: tuple[Annotation, ...]
    created_at: AwareDatetime


class StoredBytes(View):
    """Where a sample's bytes lie: a range of an immutable object."""

    key: str
    offset: int
    size_bytes: int
    media_type: str
    etag: str


class SampleFilter(View):
    label: Annotated[str, StringConstraints(max_length=300)] | None = None
    split_id: UUID | None = None
    subset: Annotated[str, StringConstraints(max_length=60)] | None = None
    text: Annotated[str, StringConstraints(max_length=200)] | None = None


class ListSamples(Request[Page[Sample]], subject="svc.datasets.sample.list"):
    dataset_id: UUID
    version: int | None = None
    filter: SampleFilter = SampleFilter()
    sort: SampleSort = "name"
    query: PageQuery = PageQuery()


class GetSample(Request[Sample], subject="svc.datasets.sample.get"):
    sample_id: UUID


class LocateSample(Request[StoredBytes], subject="svc.datasets.sample.locate"):
    sample_id: UUID
    rendition: Literal["image", "thumbnail"]
