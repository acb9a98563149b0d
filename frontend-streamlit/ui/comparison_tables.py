"""Comparisons as tables: only what differs, and what each run reached with the best marked."""

import json
from collections.abc import Mapping, Sequence

import streamlit as st

from libs.common.contracts.comparisons import Comparison, Difference, MetricRow, Reached, Setting
from ui.states import escaped, shortened

MISSING = ":gray[not set]"
LONGEST_VALUE = 60
# Beyond these columns would be too narrow for their heads: then each run has a row.
MOST_COLUMNS = 6
Cells = Mapping[str, Sequence[str]]


def differences_table(found: Sequence[Difference], names: Sequence[str]) -> None:
    _table({escaped(each.path): [shown(setting) for setting in each.settings] for each in found}, names)


def metrics_table(rows: Sequence[MetricRow], names: Sequence[str], *, is_last: bool) -> None:
    """The best value of each run, or the last; ties are marked together."""
    _table({_key(row): _values(row, is_last) for row in rows}, names)


def _table(cells: Cells, names: Sequence[str]) -> None:
    """What is compared beside the runs' values of it, or, of many runs, above them."""
    runs = list(map(escaped, names))
    if len(runs) <= MOST_COLUMNS:
        rows = [{"": what, **dict(zip(runs, values, strict=True))} for what, values in cells.items()]
    else:
        columns = zip(*cells.values(), strict=True)
        rows = [
            {"": run, **dict(zip(cells, values, strict=True))}
            for run, values in zip(runs, columns, strict=True)
        ]
    st.table(rows, border="horizontal", hide_index=True, width="content")


def unique_names(found: Comparison) -> list[str]:
    """Runs of experiments that are called alike are told apart."""
    names: list[str] = []
    for side in found.sides:
        name, number = shortened(side.name, 40), 2
        while name in names:
            name, number = f"{shortened(side.name, 40)} ({number})", number + 1
        names.append(name)
    return names


def shown(setting: Setting) -> str:
    """Missing is told apart from null."""
    if setting.is_missing:
        return MISSING
    match setting.value:
        case str(text):
            pass
        case float(number):
            text = f"{number:.10g}"
        case other:
            text = json.dumps(other, ensure_ascii=False)
    return escaped(shortened(text, LONGEST_VALUE)) or "“”"


def _key(row: MetricRow) -> str:
    arrow = {"max": " ↑", "min": " ↓", None: ""}[row.direction]
    return f"**{escaped(row.key)}**{arrow}" if row.is_primary else f"{escaped(row.key)}{arrow}"


def _values(row: MetricRow, is_last: bool) -> list[str]:
    best = row.best_last if is_last else row.best_best
    return [_value(reached, is_last, place in best) for place, reached in enumerate(row.reached)]


def _value(reached: Reached | None, is_last: bool, is_best: bool) -> str:
    if reached is None:
        return "–"
    text = f"{reached.last if is_last else reached.best:.4g}"
    return f":green[**{text}** :material/star:]" if is_best else escaped(text)
