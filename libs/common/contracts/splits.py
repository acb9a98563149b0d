"""Splits: which samples train, validate and test a model; immutable once saved."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from libs.common.contracts.base import Fact, Name, Page, PageQuery, Request, View
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.imports import ClassCount

Subset = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


Ratios = Annotated[dict[Subset, Annotated[float, Field(gt=0, le=1)]], Field(min_length=1, max_length=20)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class FolderGroup(View):
    """Samples of one folder belong together: the first `depth` folders of their names."""

    by: Literal["folder"] = "folder"
    depth: Annotated[int, Field(ge=1, le=20)] = 1


class FieldGroup(View):
    """Samples with the same value in a field (a video) belong together; those without stand alone."""

    by: Literal["field"] = "field"
    field: Text


class NameGroup(View):
    """Samples whose names agree up to the last of these characters: `scan_12-3.png`, `scan_12-4.png`."""

    by: Literal["name"] = "name"
    separator: Annotated[str, StringConstraints(min_length=1, max_length=3)] = "-"


Group = Annotated[FolderGroup | FieldGroup | NameGroup, Field(discriminator="by")]


class RatioSplit(View):
    """Shares per subset that add up to 1; seeded, so the same data always splits the same way.

    What belongs to one group stays together. So do near-duplicates: images whose perceptual hashes differ in
    at most `near_duplicates` of 64 bits (None: they are not looked for). A sample that another split of the
    dataset dealt out by the same method and seed keeps its subset when data is added.
    """

    method: Literal["ratio"] = "ratio"
    ratios: Ratios = {"train": 0.8, "val": 0.1, "test": 0.1}
    stratified: bool = True
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    group: Group | None = None
    near_duplicates: Annotated[int, Field(ge=0, le=16)] | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "RatioSplit":
        if abs(sum(self.ratios.values()) - 1) > 1e-6:
            raise ValueError("the ratios must add up to 1")
        return self


class FieldSplit(View):
    """By a field of the samples, or by the subset that the import named when `field` is None.

    `subsets` maps values to subsets (Karpathy's `restval` to `train`); when empty, every value is a subset.
    """

    method: Literal["field"] = "field"
    field: Text | None = None
    subsets: Annotated[dict[Text, Subset], Field(max_length=200)] = {}


class FileSplit(View):
    """By names of samples, in full or with `*` and `?`; `rest` takes the others, else they are left out."""

    method: Literal["files"] = "files"
    files: Annotated[
        dict[Subset, Annotated[tuple[Text, ...], Field(max_length=200_000)]], Field(min_length=1)
    ]
    rest: Subset | None = None


class Rule(View):
    """All that is given must hold."""

    subset: Subset
    label: Text | None = None
    name: Text | None = None
    field: Text | None = None
    value: Text | None = None
    min_side: Annotated[int, Field(ge=1)] | None = None
    max_side: Annotated[int, Field(ge=1)] | None = None


class FilterSplit(View):
    """The first rule that fits decides; `rest` takes the others, else they are left out."""

    method: Literal["filter"] = "filter"
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=50)]
    rest: Subset | None = None


class NoSplit(View):
    """All samples in one subset."""

    method: Literal["none"] = "none"
    subset: Subset = "train"


SplitMethod = Annotated[
    RatioSplit | FieldSplit | FileSplit | FilterSplit | NoSplit, Field(discriminator="method")
]


class SubsetPreview(View):
    subset: str
    num_samples: int
    classes: tuple[ClassCount, ...]


class SplitPreview(View):
    """`num_kept` samples have the subset that `extends` gave them; `num_left_out` are in none."""

    dataset_id: UUID
    version: int
    method: SplitMethod
    subsets: tuple[SubsetPreview, ...]
    extends: UUID | None = None
    num_kept: int = 0
    num_left_out: int = 0
    num_groups: int = 0


class Split(SplitPreview):
    """A saved split; `locked` is always true and shown as a lock."""

    id: UUID
    name: str
    locked: Literal[True] = True
    created_at: AwareDatetime


class Leak(View):
    """Samples of different subsets that show the same, or belong together."""

    kind: Literal["duplicate", "near_duplicate", "group"]
    distance: int = 0
    samples: tuple[UUID, ...]
    names: tuple[str, ...]
    subsets: tuple[str, ...]


class LeakReport(View):
    """`leaks` shows the first of them; `num_samples` counts those that are in any."""

    split_id: UUID
    near_duplicates: int
    group: Group | None
    num_leaks: int
    num_samples: int
    leaks: tuple[Leak, ...]


class PreviewSplit(Request[SplitPreview], subject="svc.datasets.split.preview"):
    dataset_id: UUID
    version: int | None = None
    method: SplitMethod = RatioSplit()


class CreateSplit(Request[Split], subject="svc.datasets.split.create"):
    dataset_id: UUID
    version: int | None = None
    name: Name = "split"
    method: SplitMethod = RatioSplit()


class ListSplits(Request[Page[Split]], subject="svc.datasets.split.list"):
    dataset_id: UUID
    query: PageQuery = PageQuery()


class GetSplit(Request[Split], subject="svc.datasets.split.get"):
    split_id: UUID


class ReferSplit(Request[DataReference], subject="svc.datasets.split.refer"):
    """The reference that an experiment stores and every later message carries."""

    split_id: UUID


class CheckLeaks(Request[LeakReport], subject="svc.datasets.split.leaks"):
    """Any split, an imported one too: near-duplicates and parts of one group on both sides."""

    split_id: UUID
    near_duplicates: Annotated[int, Field(ge=0, le=16)] = 4
    group: Group | None = None


class SplitSaved(Fact, noun="split", past="saved"):
    split_id: UUID
    dataset_id: UUID
    version: int
    name: str
