"""What an import found, or would find: counts that add up, classes as bars, every problem with its reason."""

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from libs.common.contracts.imports import ClassCount, Detection, Example, ImportProblem, ImportReport, Tally
from ui.states import escaped

OUTCOMES = {"rejected": "red", "repaired": "orange", "duplicate": "gray", "warning": "blue"}
MOST_BARS = 40


def detection_view(seen: Detection) -> None:
    report = seen.report
    if report is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(seen.format or "", color="blue", icon=":material/description:")
        st.badge(report.modality.replace("_", " and "), color="gray", icon=":material/category:")
        if seen.task:
            st.badge(seen.task.replace("_", " "), color="violet", icon=":material/target:")
        if not seen.is_thorough:
            st.caption("By its annotations; a thorough look decodes every sample, too.", width="content")
    tallies(report)
    examples(seen.examples)
    class_bars(report.classes)
    problems(report)


def tallies(report: ImportReport) -> None:
    """One row for samples, one for annotations where there are more of them than samples."""
    samples = Tally(**{name: getattr(report, name) for name in Tally.model_fields})
    _tally("Samples", samples)
    if report.annotations.num_found != samples.num_found or report.annotations.num_rejected:
        _tally("Annotations", report.annotations)


def examples(found: Sequence[Example]) -> None:
    if not found:
        return
    columns = st.columns(6)
    for number, example in enumerate(found[:12]):
        with columns[number % 6], st.container(border=True):
            if example.thumbnail:
                st.image(base64.b64decode(example.thumbnail), width="stretch")
            elif example.excerpt:
                st.caption(escaped(example.excerpt[:160]))
            st.caption(escaped(", ".join(example.labels) or example.name))


def class_bars(classes: Sequence[ClassCount], *, title: str = "Classes") -> None:
    if not classes:
        return
    shown = sorted(classes, key=lambda each: -each.count)[:MOST_BARS]
    rest = f", the {MOST_BARS} largest shown" if len(classes) > MOST_BARS else ""
    st.markdown(f"**{title}** · {len(classes):,}{rest}")
    st.echarts_chart(
        bars_option(shown), height=max(120, 24 * len(shown) + 40), alt=f"{title} and their sizes"
    )


def bars_option(counts: Sequence[ClassCount]) -> dict[str, Any]:
    ordered = list(reversed(counts))
    return {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "grid": {"left": 8, "right": 48, "top": 4, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value", "show": False},
        "yAxis": {
            "type": "category",
            "data": [each.name for each in ordered],
            "axisTick": {"show": False},
            "axisLabel": {"width": 160, "overflow": "truncate"},
        },
        "series": [
            {
                "type": "bar",
                "data": [each.count for each in ordered],
                "barMaxWidth": 14,
                "label": {"show": True, "position": "right"},
            }
        ],
    }


def problems(report: ImportReport) -> None:
    found = report.problems.items
    if not found:
        st.caption(":material/check_circle: Nothing was dropped or changed.")
        return
    more = " and more" if report.problems.next_cursor else ""
    st.markdown(f"**Problems** · {len(found):,}{more}")
    with st.container(horizontal=True):
        for (outcome, code), count in Counter((each.outcome, each.code) for each in found).most_common(8):
            st.badge(f"{count:,} {code.replace('_', ' ')}", color=OUTCOMES[outcome])
    st.dataframe(
        [_row(each) for each in found],
        hide_index=True,
        placeholder="",
        height=min(36 * (len(found) + 1) + 2, 360),
        column_config={"reason": st.column_config.TextColumn(width="large")},
    )


def _row(problem: ImportProblem) -> dict[str, Any]:
    return {
        "outcome": problem.outcome,
        "file": problem.path,
        "row": problem.row,
        "what": problem.level,
        "reason": problem.message,
    }


def _tally(title: str, tally: Tally) -> None:
    figures = {
        "found": tally.num_found,
        "imported": tally.num_imported,
        "rejected": tally.num_rejected,
        "found twice": tally.num_duplicates,
        "repaired": tally.num_repaired,
    }
    with st.container(horizontal=True):
        for name, count in figures.items():
            st.metric(f"{title} {name}", f"{count:,}", border=True, height="stretch")
