"""Two evaluations beside each other: which they are, and what each has reached."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from libs.common.contracts.evaluations import EvaluationSummary
from ui.address import address_select
from ui.evaluation_rows import told
from ui.metric_names import Specs, headline, ordered, shown, specs_of, title_of
from ui.states import ago, escaped, shortened
from ui.tiles import choose

SIDES = {"left": "A", "right": "B"}


def side_choice(side: str, chosen: UUID | None, offered: Sequence[EvaluationSummary]) -> None:
    """Of the same task as the other side; the evaluation of the other side itself is not offered."""
    address_select(
        f"Model {SIDES[side]}",
        side,
        {str(each.id): name_of(each) for each in offered},
        key=f"compare_models.{side}.{chosen}",
        on_choose=lambda value: choose(**{side: value, "agreement": None}),
        placeholder="Choose an evaluation",
        width="stretch",
        is_labelled=True,
    )


def name_of(each: EvaluationSummary) -> str:
    best = headline(each)
    reached = f"{best[0].lower()} {best[1]:.4f}" if best else ""
    parts = (shortened(each.run_name, 40), told(each), reached, ago(each.created_at))
    return " · ".join(filter(None, parts))


def metrics_beside(left: EvaluationSummary, right: EvaluationSummary) -> None:
    """The better one marked, and by how much the second differs."""
    specs = specs_of(left.task)
    names = ordered({**left.metrics, **right.metrics}, specs)
    st.table(
        [_row(name, left.metrics.get(name), right.metrics.get(name), specs) for name in names],
        border="horizontal",
        hide_index=True,
        width="content",
    )


def _row(name: str, left: float | None, right: float | None, specs: Specs) -> dict[str, str]:
    spec = specs.get(name)
    unit = spec.unit if spec else ""
    arrow = {"max": " ↑", "min": " ↓"}[spec.direction] if spec else ""
    best = better(left, right, spec.direction if spec else None)
    title = f"{escaped(title_of(name, specs))}{arrow}"
    return {
        "": f"**{title}**" if spec and spec.is_primary else title,
        "A": _marked(shown(left, unit), best == "left"),
        "B": _marked(shown(right, unit), best == "right"),
        "B − A": _difference(left, right),
    }


def better(left: float | None, right: float | None, direction: str | None) -> str | None:
    """Nobody where they are alike, or where it is not known what is good."""
    if left is None or right is None or left == right or direction is None:
        return None
    return "left" if (left > right) == (direction == "max") else "right"


def _difference(left: float | None, right: float | None) -> str:
    if left is None or right is None:
        return "–"
    return "none" if left == right else escaped(f"{right - left:+.4f}".replace("-", "−"))


def _marked(text: str, is_best: bool) -> str:
    return f":green[**{escaped(text)}** :material/star:]" if is_best else escaped(text)
