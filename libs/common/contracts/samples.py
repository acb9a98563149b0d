"""Samples: one image (text, row) with its annotations, and where its bytes lie."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Page, PageQuery, Request, View

SampleSort = Literal["name", "-name", "created", "-created", "size", "-size"]


class Sample(View):
    """`subset` is that of the split that was asked for, else the one that the import named.

    Width and height are pixels of an image, 0 for others. `excerpt` is the beginning of a text or a row;
    `version` is the one in which the sample became what it is here, `removed_in` the one that ended it.
    """

    id: UUID
    dataset_id: UUID
    name: str
    media_type: str
    size_bytes: int
    width: int
    height: int
    sha256: str
    version: int
    removed_in: int | None = None
    subset: str | None = None
    excerpt: str | None = None
    labels: tuple[str, ...] = ()
    fields: dict[str, str | int | float | bool | None] = {}
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
    """`subset` is one of the split, or without one what the import named; `text` is part of the name."""

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
    """As it is in the newest version that has it, or as it was in `version`."""

    sample_id: UUID
    version: int | None = None


class LocateSample(Request[StoredBytes], subject="svc.datasets.sample.locate"):
    sample_id: UUID
    rendition: Literal["image", "thumbnail"]
