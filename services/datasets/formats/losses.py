"""What a format cannot carry, told for every sample once per kind."""

from collections import Counter
from collections.abc import Container, Iterator

from libs.common.contracts.imports import ImportProblem
from services.datasets.formats.format import Stored
from services.datasets.formats.plan import rejected, repaired
from services.datasets.formats.subsets import subset_of_value


def types_lost(sample: Stored, carried: Container[str]) -> Iterator[ImportProblem]:
    counts = Counter(each.type for each in sample.annotations if each.type not in carried)
    for kind, count in sorted(counts.items()):
        yield rejected(
            sample.name,
            "annotation_lost",
            f"the format has no place for annotations of type {kind}; {count} are left out",
            level="annotation",
        )


def fields_lost(sample: Stored, kept: Container[str] = ()) -> Iterator[ImportProblem]:
    if lost := sorted(name for name in sample.fields if name not in kept):
        names = ", ".join(lost)[:300]
        yield repaired(sample.name, "fields_lost", f"without its fields {names}", level="sample")


def subset_lost(sample: Stored) -> Iterator[ImportProblem]:
    """For a format that has no subsets, or not this one."""
    if sample.subset is not None:
        message = f"the format cannot say that it is in {sample.subset}"
        yield repaired(sample.name, "subset_lost", message, level="sample")


def subset_renamed(sample: Stored) -> Iterator[ImportProblem]:
    """For a format that has any subset, of which some are read by a more usual name."""
    if sample.subset is not None and (name := subset_of_value(sample.subset)) != sample.subset:
        message = f"its subset {sample.subset} will be read as {name}"
        yield repaired(sample.name, "subset_renamed", message, level="sample")
