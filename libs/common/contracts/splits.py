"""Splits: which samples train, validate and test a model; immutable once saved."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from libs.common.contracts.base import Fact, Name, Page, PageQuery, Request, View
from libs.common.contracts.datasets import ClassCount, DataReference

Subset = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class RatioSplit(View):
    """Shares per subset that add up to 1; seeded, so the same data always splits the same way."""

    method: Literal["ratio"] = "ratio"
    ratios: dict[Subset, Annotated[float, Field(gt=0, le=1)]] = {"train": 0.8, "val": 0.1, "test": 0.1}
    stratified: bool = True
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0

    @model_validator(mode="after")
    def _adds_up(self) -> "RatioSplit":
        if abs(sum(self.ratios.values()) - 1) > 1e-6:
            raise ValueError("the ratios must add up to 1")
        return self


# Later methods (by files, by field, by group, custom filters) join here as a discriminated union.
SplitMethod = RatioSplit


class SubsetPreview(View):
    subset: str
    num_samples: int
    classes: tuple[ClassCount, ...]


class SplitPreview(View):
    dataset_id: UUID
    version: int
    method: SplitMethod
    subsets: tuple[SubsetPreview, ...]


class Split(View):
    """A saved split; `locked` is always true and shown as a lock."""

    id: UUID
    dataset_id: UUID
    version: int
    name: str
    method: SplitMethod
    subsets: tuple[SubsetPreview, ...]
    locked: Literal[True] = True
    created_at: AwareDatetime


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


class SplitSaved(Fact, noun="split", past="saved"):
    split_id: UUID
    dataset_id: UUID
    version: int
    name: str
