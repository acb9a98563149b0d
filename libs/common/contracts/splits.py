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
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
# Beyond ten of 64 bits images that have nothing in common are near to each other, by mere number.
Distance = Annotated[int, Field(ge=0, le=10)]


class FolderGroup(View):
    """Samples of one folder belong together: the first `depth` folders of their names."""

    by: Literal["folder"] = "folder"
    depth: Annotated[int, Field(ge=1, le=20)] = 1


class FieldGroup(View):
    """Samples with the same value in a field (a video) belong together; those without stand alone."""

    by: Literal["field"] = "field"
    field: Text


class NameGroup(View):
    """Samples whose names agree up to the last separator: `scan_12-3.png` and `scan_12-4.png`.

    Folders count, the ending does not; a name without the separator stands alone.
    """

    by: Literal["name"] = "name"
    separator: Annotated[str, StringConstraints(min_length=1, max_length=3)] = "-"


Group = Annotated[FolderGroup | FieldGroup | NameGroup, Field(discriminator="by")]


class RatioSplit(View):
    """Shares per subset that add up to 1; seeded, so the same data always splits the same way.

    What belongs to one group stays together. So do near-duplicates: images whose perceptual hashes differ in
    at most `near_duplicates` of 64 bits (None: they are not looked for), and what is near to those.

    The newest split of the dataset that was dealt by the very same method is extended: the samples it dealt
    keep their subset, new ones go to where their group is, and the others fill what is owed.
    """

    method: Literal["ratio"] = "ratio"
    ratios: Ratios = {"train": 0.8, "val": 0.1, "test": 0.1}
    stratified: bool = True
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    group: Group | None = None
    near_duplicates: Distance | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "RatioSplit":
        if abs(sum(self.ratios.values()) - 1) > 1e-6:
            raise ValueError("the ratios must add up to 1")
        return self


class FieldSplit(View):
    """By a field of the samples, or by the subset that the import named when `field` is None.

    `subsets` maps values to subsets (Karpathy's `restval` to `train`), and other values are left out; when
    empty, every value is a subset. What has no value is left out.
    """

    method: Literal["field"] = "field"
    field: Text | None = None
    subsets: Annotated[dict[Text, Subset], Field(max_length=200)] = {}


class FileSplit(View):
    """By names of samples, in full or with `*` and `?`; `rest` takes the others, else they are left out.

    A name in full counts more than a pattern; a sample that is named for two subsets is an error, and so is
    a name that no sample has.
    """

    method: Literal["files"] = "files"
    files: Annotated[
        dict[Subset, Annotated[tuple[Text, ...], Field(max_length=200_000)]], Field(min_length=1)
    ]
    rest: Subset | None = None


class Rule(View):
    """All that is given must hold: a label; a name, in full or with `*` and `?`; a value of a field, as text,
    or any when only the field is given; the shorter side of an image at least, its longer one at most."""

    subset: Subset
    label: Text | None = None
    name: Text | None = None
    field: Text | None = None
    value: Text | None = None
    min_side: Annotated[int, Field(ge=1)] | None = None
    max_side: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _asks(self) -> "Rule":
        if self.value is not None and self.field is None:
            raise ValueError("a value is one of a field, which has to be named too")
        if not self.model_fields_set - {"subset"}:
            raise ValueError("a rule needs a condition; use `rest` for all others")
        return self


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
    """`num_kept` samples have the subset that `extends` gave them; `num_left_out` are in none.

    `num_groups` groups of more than one sample stayed together. `num_torn_groups` could not: `extends` has
    their samples in several subsets, because what joins them came later. `leaks` tells which they are.
    """

    dataset_id: UUID
    version: int
    method: SplitMethod
    subsets: tuple[SubsetPreview, ...]
    extends: UUID | None = None
    num_kept: int = 0
    num_left_out: int = 0
    num_groups: int = 0
    num_torn_groups: int = 0


class Split(SplitPreview):
    """A saved split; `locked` is always true and shown as a lock."""

    id: UUID
    name: str
    locked: Literal[True] = True
    created_at: AwareDatetime


class Leak(View):
    """Samples of different subsets that show the same, or belong together.

    Of `num_samples` the first are shown, the nearest before others; names and subsets are theirs, one each.
    `distance` counts the bits in which the nearest differ.
    """

    kind: Literal["duplicate", "near_duplicate", "group"]
    distance: int = 0
    num_samples: int
    samples: tuple[UUID, ...]
    names: tuple[str, ...]
    subsets: tuple[str, ...]


class LeakReport(View):
    """`leaks` shows the first hundred; `num_samples` counts samples that are in any.

    Exact duplicates are told as such and not as near ones. What is near by way of others is one leak.
    """

    split_id: UUID
    near_duplicates: int
    group: Group | None
    num_leaks: int
    num_duplicates: int
    num_near_duplicates: int
    num_groups: int
    num_samples: int
    leaks: tuple[Leak, ...]


class PreviewSplit(Request[SplitPreview], subject="svc.datasets.split.preview"):
    dataset_id: UUID
    version: Version | None = None
    method: SplitMethod = RatioSplit()


class CreateSplit(Request[Split], subject="svc.datasets.split.create"):
    dataset_id: UUID
    version: Version | None = None
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


OnLeaks = Literal["refuse", "leave_out"]


class CombineSplits(Request[DataReference], subject="svc.datasets.split.combine"):
    """Splits of several datasets of one project as one: their classes are joined, their subsets are added up.

    The same file in different subsets of two datasets is a leak. It is refused, or left out wherever it is
    less held out: of train and val it stays in val, of val and test in test.
    """

    split_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=20)]
    leaks: OnLeaks = "refuse"


class CheckLeaks(Request[LeakReport], subject="svc.datasets.split.leaks"):
    """Of any split, an imported one too: duplicates, near-duplicates and parts of one group on both sides.

    Without a `group` it is the one that the split was dealt by, if it was.
    """

    split_id: UUID
    near_duplicates: Distance = 4
    group: Group | None = None


class SplitSaved(Fact, noun="split", past="saved"):
    """Which samples of a version are for training, validation and test is fixed."""

    split_id: UUID
    dataset_id: UUID
    version: int
    name: str
