"""A comparison on a screen: one column per run, one row per place in which they differ or metric."""

import json
from collections.abc import Iterator, Sequence

from libs.client.commands.showing import say, table
from libs.common.contracts.comparisons import Comparison, Difference, MetricRow, Setting

MISSING = "–"


def show_comparison(found: Comparison) -> None:
    names = [side.name for side in found.sides]
    table(_about(found), "run", *names)
    for title, differences in (
        ("config", found.config),
        ("data", found.data),
        ("environment", found.environment),
    ):
        if differences:
            table(map(_row, differences), title, *names)
    if found.metrics:
        table(_reached(found.metrics), "best of each metric (last)", *names)
    say(f"{found.num_same} settings are the same in all of them")


def _about(found: Comparison) -> Iterator[Sequence[object]]:
    yield "id", *(side.run_id for side in found.sides)
    yield "state", *(side.state for side in found.sides)
    yield (
        "seconds",
        *(
            MISSING if side.duration_seconds is None else round(side.duration_seconds, 1)
            for side in found.sides
        ),
    )


def _row(difference: Difference) -> Sequence[object]:
    return difference.path, *map(_setting, difference.settings)


def _setting(setting: Setting) -> str:
    if setting.is_missing:
        return MISSING
    return setting.value if isinstance(setting.value, str) else json.dumps(setting.value)


def _reached(rows: Sequence[MetricRow]) -> Iterator[Sequence[object]]:
    for row in rows:
        cells = []
        for place, reached in enumerate(row.reached):
            star = "*" if place in row.best_best else ""
            cells.append(f"{reached.best:.4g}{star} ({reached.last:.4g})" if reached else MISSING)
        yield row.key, *cells
