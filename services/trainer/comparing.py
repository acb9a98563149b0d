"""What runs differ in, and which of them is best: nested settings place by place, metrics of any name."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from libs.common.contracts.comparisons import Difference, MetricRow, Reached, Setting
from libs.common.contracts.measurements import MetricSummary

Settings = Mapping[str, Any]
Summaries = Mapping[str, MetricSummary]
Direction = Literal["max", "min"] | None
MISSING = Setting(is_missing=True)


def differences(
    documents: Sequence[Settings], *, is_empty_unknown: bool = False
) -> tuple[tuple[Difference, ...], int]:
    """Places in the order in which they first come, and the number of those where all are the same.

    With `is_empty_unknown`, a document without any place is one that is not known yet, and no difference.
    """
    flat = [dict(_places(document)) for document in documents]
    paths = dict.fromkeys(path for each in flat for path in each)
    told = [
        Difference(
            path=path, settings=tuple(Setting(value=each[path]) if path in each else MISSING for each in flat)
        )
        for path in paths
    ]
    known = [place for place, each in enumerate(flat) if each or not is_empty_unknown]
    found = tuple(each for each in told if not _is_same([each.settings[place] for place in known]))
    return found, len(told) - len(found)


def metric_row(
    key: str, measured: Sequence[MetricSummary | None], direction: Direction, *, is_primary: bool
) -> MetricRow:
    reached = tuple(each and _reached(each) for each in measured)
    return MetricRow(
        key=key,
        direction=direction,
        is_primary=is_primary,
        reached=reached,
        best_last=_best([each and each.last for each in reached], direction),
        best_best=_best([each and each.best for each in reached], direction),
    )


def _places(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting with its dotted path. A list of plain values is one setting; an empty one, too."""
    match value:
        case Mapping() if value:
            for key, inner in value.items():
                yield from _places(inner, f"{path}.{key}" if path else str(key))
        case [*inner] if any(isinstance(each, Mapping | list) for each in inner):
            for number, each in enumerate(inner):
                yield from _places(each, f"{path}.{number}")
        case _ if path:
            yield path, value
        case _:
            return


def _is_same(settings: Sequence[Setting]) -> bool:
    """`True` is not 1 here, though Python has them equal; 1 and 1.0 are one number."""
    first = settings[0]
    return all(
        each.is_missing == first.is_missing
        and each.value == first.value
        and isinstance(each.value, bool) == isinstance(first.value, bool)
        for each in settings
    )


def _reached(summary: MetricSummary) -> Reached:
    return Reached(**summary.model_dump(include=set(Reached.model_fields)))


def _best(values: Sequence[float | None], direction: Direction) -> tuple[int, ...]:
    """Nobody is best alone; those that are equal are best together."""
    numbers = [value for value in values if value is not None and not math.isnan(value)]
    if direction is None or len(numbers) < 2:
        return ()
    best = min(numbers) if direction == "min" else max(numbers)
    return tuple(place for place, value in enumerate(values) if value == best)
