"""What is counted of a version's samples; sums only: an edit adds and takes away without counting anew."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.imports import ClassCount
from libs.common.contracts.versions import Bin, DatasetStats
from services.datasets.handover import PackedSample
from services.datasets.labels import labels_of
from services.datasets.models import SampleRow

MOST_BINS = 20


@dataclass
class Figures:
    """`labels` and `annotation_types` count samples that have them, `num_annotations` every one."""

    num_samples: int = 0
    size_bytes: int = 0
    num_annotations: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    subsets: Counter[str] = field(default_factory=Counter)
    annotation_types: Counter[str] = field(default_factory=Counter)
    media_types: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    widths: Counter[str] = field(default_factory=Counter)
    heights: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> "Figures":
        known: dict[str, Any] = {
            name: Counter(value) if isinstance(value, dict) else value for name, value in stored.items()
        }
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        return {
            name: dict(+value) if isinstance(value, Counter) else value for name, value in vars(self).items()
        }

    def add(
        self, sample: PackedSample | SampleRow, annotations: Iterable[Annotation], times: int = 1
    ) -> None:
        """With `times` of -1 the sample is taken away."""
        known = tuple(annotations)
        self.num_samples += times
        self.size_bytes += times * sample.size_bytes
        self.num_annotations += times * len(known)
        for label in labels_of(known):
            self.labels[label] += times
        for kind in {each.type for each in known}:
            self.annotation_types[kind] += times
        self.media_types[sample.media_type] += times
        if sample.subset:
            self.subsets[sample.subset] += times
        if sample.language:
            self.languages[sample.language] += times
        if sample.width:
            self.widths[str(sample.width)] += times
            self.heights[str(sample.height)] += times

    def joined(self, other: "Figures") -> "Figures":
        return Figures(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def stats(self, dataset_id: UUID, version: int) -> DatasetStats:
        widths, heights = _lengths(self.widths), _lengths(self.heights)
        return DatasetStats(
            dataset_id=dataset_id,
            version=version,
            num_samples=self.num_samples,
            size_bytes=self.size_bytes,
            num_annotations=self.num_annotations,
            classes=counts(self.labels),
            subsets=counts(self.subsets),
            annotation_types=counts(self.annotation_types),
            media_types=counts(self.media_types),
            languages=counts(self.languages),
            min_width=min(widths, default=0),
            max_width=max(widths, default=0),
            min_height=min(heights, default=0),
            max_height=max(heights, default=0),
            widths=_bins(widths),
            heights=_bins(heights),
        )


def counts(counter: Mapping[str, int]) -> tuple[ClassCount, ...]:
    return tuple(ClassCount(name=name, count=count) for name, count in sorted(counter.items()))


def _lengths(counter: Mapping[str, int]) -> dict[int, int]:
    return {int(length): count for length, count in counter.items() if count}


def _bins(lengths: Mapping[int, int]) -> tuple[Bin, ...]:
    """Equally wide, and at most one per pixel."""
    if not lengths:
        return ()
    low, high = min(lengths), max(lengths) + 1
    number = min(MOST_BINS, high - low)
    edges = [low + (high - low) * place // number for place in range(number + 1)]
    return tuple(
        Bin(
            low=left,
            high=right,
            count=sum(count for length, count in lengths.items() if left <= length < right),
        )
        for left, right in pairwise(edges)
    )
