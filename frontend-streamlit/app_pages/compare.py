"""Runs side by side: in what they differ, what they reached, their curves over each other."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import cast
from urllib.parse import quote, unquote
from uuid import UUID

import streamlit as st
from session import yard
from ui.address import address_select, go
from ui.comparison_charts import AXES, COLORS, Axis, chart_option
from ui.comparison_tables import differences_table, metrics_table, unique_names
from ui.states import counted, duration, empty_state, escaped, shortened, state_badge

from libs.common.contracts.comparisons import MAX_COMPARED, MIN_COMPARED, Comparison, Difference, Side
from libs.common.errors import BadInput, NotFound

POLL_SECONDS = 3
MOST_OFFERED = 20
MOST_CURVES = 8
MAX_POINTS = 500


def page() -> None:
    st.header("Compare runs")
    run_ids = asked_runs()
    if len(run_ids) < MIN_COMPARED:
        few(run_ids)
        return
    try:
        found = compared(run_ids)
    except NotFound as error:
        gone(run_ids, error)
        return
    sides(found)
    differences(found)
    results(found)
    curves(found)


def asked_runs() -> list[UUID]:
    """Raises BadInput for what is no id, in words for whoever pasted half a link."""
    texts = [each for each in st.query_params.get("runs", "").split(",") if each]
    try:
        return list(dict.fromkeys(map(UUID, texts)))[:MAX_COMPARED]
    except ValueError:
        raise BadInput("the address names something that is no run") from None


def compared(run_ids: Sequence[UUID], keys: Sequence[str] = ()) -> Comparison:
    return yard().experiments.compare(runs=run_ids, keys=keys, max_points=MAX_POINTS)


def few(run_ids: Sequence[UUID]) -> None:
    sentence = "Choose another run beside it." if run_ids else "Choose two runs or more."
    empty_state("compare_arrows", f"{sentence} Tick them among the experiments, or add them here.")
    with st.container(horizontal=True, horizontal_alignment="center"):
        add(run_ids)
        st.page_link(
            "app_pages/experiments.py", label="Experiments", icon=":material/science:", width="content"
        )


def gone(run_ids: Sequence[UUID], error: NotFound) -> None:
    """A link may name runs that were deleted since; the others can still be looked at."""
    missing = {int(each.field.rpartition(".")[2]) for each in error.errors if each.field}
    kept = [run_id for place, run_id in enumerate(run_ids) if place not in missing]
    empty_state(
        "search_off",
        f"{counted(len(run_ids) - len(kept), 'run')} of this comparison can no longer be found.",
        "Go on without" if kept else None,
        lambda: show(kept),
    )


def sides(found: Comparison) -> None:
    """Looked up again while any of them goes on: state and time change, what they are does not."""
    run_ids = [side.run_id for side in found.sides]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for place, (side, name) in enumerate(zip(found.sides, unique_names(found), strict=True)):
            chip(side, name, COLORS[place % len(COLORS)], run_ids)
        if len(run_ids) < MAX_COMPARED:
            add(run_ids)


def chip(side: Side, name: str, color: str, run_ids: Sequence[UUID]) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", gap="small", width="content"
    ):
        st.html(f'<span style="color:{color};font-size:1.4em;line-height:1">●</span>', width="content")
        st.page_link(
            "app_pages/run.py",
            label=escaped(name),
            query_params={"id": str(side.run_id)},
            width="content",
            help=escaped(f"{side.experiment_name}, {duration(side.duration_seconds)}"),
        )
        state_badge(side.state)
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key=f"compare.without.{side.run_id}",
            help=f"Without {name}",
            on_click=lambda: go(runs=_joined(each for each in run_ids if each != side.run_id)),
        )


def add(run_ids: Sequence[UUID]) -> None:
    with st.popover("Add a run", icon=":material/add:", key="compare.add"):
        sought = st.text_input("Search experiments", key="compare.q", placeholder="Part of a name")
        offered = yard().experiments.list(q=sought.strip() or None, sort="-updated")
        shown = False
        for each in islice(offered, MOST_OFFERED):
            run_id = each.best.run_id if each.best else each.last_run_id
            if run_id is None or run_id in run_ids:
                continue
            shown = True
            best = f" · {each.best.value:.4f}" if each.best else ""
            st.button(
                f"{escaped(shortened(each.name, 50))}{best}",
                type="tertiary",
                key=f"compare.with.{each.id}",
                on_click=lambda chosen=run_id: go(runs=_joined([*run_ids, chosen])),
            )
        if not shown:
            st.caption("No other experiment has a run.")


def differences(found: Comparison) -> None:
    names = unique_names(found)
    parts: Mapping[str, Sequence[Difference]] = {
        "Configuration": found.config,
        "Data": found.data,
        "Environment": found.environment,
    }
    st.subheader("Differences")
    for title, each in parts.items():
        if each:
            st.markdown(f"**{title}**")
            differences_table(each, names)
    if not any(parts.values()):
        st.markdown("They are alike in every setting, their data and their environment.")
    st.caption(f"{counted(found.num_same, 'setting')} are the same in all of them.")


def results(found: Comparison) -> None:
    """Final values, kept up while runs go on."""
    st.subheader("Results")
    if not found.metrics:
        empty_state("query_stats", "None of them has measured anything yet.")
        return
    shown = st.query_params.get("shown", "best")
    address_select(
        "Values",
        "shown",
        {"best": "Best values", "last": "Last values"},
        key="compare.shown",
        default="best",
        on_choose=lambda value: go(shown=value),
    )
    run_ids = [side.run_id for side in found.sides]
    known = [found]

    @st.fragment(run_every=_every(found))
    def live() -> None:
        now = known.pop() if known else compared(run_ids)
        metrics_table(now.metrics, unique_names(now), is_last=shown == "last")
        if _states(now) != _states(found):
            st.rerun()

    live()


def curves(found: Comparison) -> None:
    keys = [row.key for row in found.metrics]
    if not keys:
        return
    st.subheader("Curves")
    chosen = chosen_keys(found)
    axis, smoothing, is_log = controls(keys, chosen)
    if not chosen:
        return
    run_ids = [side.run_id for side in found.sides]
    names = dict(zip(run_ids, unique_names(found), strict=True))

    @st.fragment(run_every=_every(found))
    def live() -> None:
        measured = compared(run_ids, chosen).curves
        for key in chosen:
            own = [curve for curve in measured if curve.key == key]
            st.markdown(f"**{escaped(key)}**")
            st.echarts_chart(
                chart_option(own, names, axis=axis, smoothing=smoothing, is_log=is_log),
                height=320,
                key=f"compare.chart.{key}",
                alt=f"{key} of {counted(len(own), 'run')}",
            )

    live()


def chosen_keys(found: Comparison) -> list[str]:
    """What the address says; else what runs are judged by and their losses."""
    known = [row.key for row in found.metrics]
    asked = st.query_params.get("keys")
    if asked is not None:
        return [key for key in map(unquote, asked.split(",")) if key in known][:MOST_CURVES]
    primary = [row.key for row in found.metrics if row.is_primary]
    losses = [key for key in known if key.endswith("loss")]
    return [*primary, *losses][:3] or known[:1]


def controls(keys: Sequence[str], chosen: Sequence[str]) -> tuple[Axis, float, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state["compare.keys"] = list(chosen)
        st.multiselect(
            "Metrics",
            list(keys),
            key="compare.keys",
            max_selections=MOST_CURVES,
            on_change=lambda: st.query_params.update(
                keys=",".join(quote(key, safe="/") for key in st.session_state["compare.keys"])
            ),
        )
        address_select(
            "Over",
            "x",
            {**AXES},
            key="compare.x",
            default="step",
            on_choose=lambda axis: go(x=axis),
            width=110,
            is_labelled=True,
        )
        smoothing = _asked_smoothing()
        st.session_state["compare.smooth"] = smoothing
        st.slider(
            "Smoothing",
            0.0,
            0.95,
            step=0.05,
            key="compare.smooth",
            width=180,
            on_change=lambda: go(smooth=st.session_state["compare.smooth"] or None),
        )
        st.session_state["compare.log"] = is_log = st.query_params.get("log") == "1"
        st.toggle(
            "Log scale",
            key="compare.log",
            on_change=lambda: go(log="1" if st.session_state["compare.log"] else None),
        )
    axis = st.query_params.get("x", "step")
    return cast(Axis, axis) if axis in AXES else "step", smoothing, is_log


def show(run_ids: Sequence[UUID]) -> None:
    go(runs=_joined(run_ids))
    st.rerun()


def _asked_smoothing() -> float:
    try:
        return min(max(float(st.query_params.get("smooth", 0)), 0.0), 0.95)
    except ValueError:
        return 0.0


def _every(found: Comparison) -> int | None:
    return POLL_SECONDS if any(not side.state.is_final for side in found.sides) else None


def _states(found: Comparison) -> list[str]:
    return [side.state for side in found.sides]


def _joined(run_ids: Iterable[UUID]) -> str:
    return ",".join(map(str, run_ids))


page()
