"""Versions of a dataset: every change makes one, and none ever changes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Fact, Gone, Page, PageQuery, Request, View
from libs.common.contracts.imports import ClassCount
from libs.common.contracts.samples import Sample

Change = Literal["added", "removed", "changed"]
MAX_EDITS = 1000


class DatasetVersion(View):
    """`num_added`, `num_removed` and `num_changed` are against the version before."""

    dataset_id: UUID
    version: int
    num_samples: int
    size_bytes: int
    num_added: int
    num_removed: int
    num_changed: int
    message: str
    created_at: AwareDatetime


class Bin(View):
    """How many samples lie in [low, high), the last bin in [low, high]."""

    low: int
    high: int
    count: int


class DatasetStats(View):
    """`languages` is of texts; widths and heights are of images, in pixels."""

    dataset_id: UUID
    version: int
    num_samples: int
    size_bytes: int
    num_annotations: int
    classes: tuple[ClassCount, ...]
    subsets: tuple[ClassCount, ...]
    annotation_types: tuple[ClassCount, ...]
    media_types: tuple[ClassCount, ...]
    languages: tuple[ClassCount, ...]
    min_width: int
    max_width: int
    min_height: int
    max_height: int
    widths: tuple[Bin, ...]
    heights: tuple[Bin, ...]


class ClassChange(View):
    name: str
    before: int
    after: int


class SampleChange(View):
    """`before` is None for an added sample, `after` for a removed one."""

    change: Change
    before: Sample | None
    after: Sample | None


class VersionDiff(View):
    """What leads from version `against` to `version`; classes are those whose count changed."""

    dataset_id: UUID
    version: int
    against: int
    num_added: int
    num_removed: int
    num_changed: int
    classes: tuple[ClassChange, ...]
    changes: Page[SampleChange]


class ListVersions(Request[Page[DatasetVersion]], subject="svc.datasets.version.list"):
    dataset_id: UUID
    query: PageQuery = PageQuery()


class DiffVersions(Request[VersionDiff], subject="svc.datasets.version.diff"):
    """Against the version before when nobody says which."""

    dataset_id: UUID
    version: int
    against: int | None = None
    change: Change | None = None
    query: PageQuery = PageQuery()


class RestoreVersion(Request[DatasetVersion], subject="svc.datasets.version.restore"):
    """A new version that holds what the old one held."""

    dataset_id: UUID
    version: int


class GetStats(Request[DatasetStats], subject="svc.datasets.dataset.stats"):
    dataset_id: UUID
    version: int | None = None


class EditSamples(Request[DatasetVersion], subject="svc.datasets.sample.edit"):
    """Several changes that make one version."""

    dataset_id: UUID
    remove: Annotated[tuple[UUID, ...], Field(max_length=MAX_EDITS)] = ()
    annotations: Annotated[dict[UUID, tuple[Annotation, ...]], Field(max_length=MAX_EDITS)] = {}
    message: Annotated[str, Field(max_length=500)] = ""


class AnnotateSample(Request[Sample], subject="svc.datasets.sample.annotate"):
    """`version` is the one that was looked at: what changed since then is refused, not written over."""

    sample_id: UUID
    annotations: Annotated[tuple[Annotation, ...], Field(max_length=10_000)]
    version: int | None = None


class DeleteSample(Request[Gone], subject="svc.datasets.sample.delete"):
    """Gone from the newest version on; older ones keep it."""

    sample_id: UUID


class DatasetVersioned(Fact, noun="dataset", past="versioned"):
    """A change has made a new version of it."""

    dataset_id: UUID
    name: str
    version: int
    num_samples: int
    message: str
