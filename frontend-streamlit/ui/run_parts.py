"""What a run left: its checkpoints, the settings it used, how its life went."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from session import yard
from settings import settings

from libs.common.contracts.checkpoints import Checkpoint
from libs.common.contracts.runs import Run
from ui.access import may_edit
from ui.lineage import lineage_view
from ui.states import duration, empty_state, escaped, size, state_badge

LAST = "last"
MOST_CLASSES = 20
JOULES_PER_WATT_HOUR = 3600


def checkpoints(run: Run) -> None:
    found = yard().runs.checkpoints(run.id)
    if not found:
        empty_state("save", "No checkpoint yet; the first epoch makes one.")
        return
    st.caption(f"{len(found)} kept, {size(sum(each.size_bytes for each in found))} in all")
    for checkpoint in found:
        _checkpoint(run, checkpoint)


def _checkpoint(run: Run, checkpoint: Checkpoint) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{checkpoint.name}**", width=90)
        st.caption(
            f"epoch {checkpoint.epoch + 1} · step {checkpoint.step:,} · {size(checkpoint.size_bytes)}",
            width="content",
        )
        for key, value in list(checkpoint.metrics.items())[:3]:
            st.caption(f"{key.replace('_', ' ')} **{value:.4f}**", width="content")
        st.space("stretch")
        address = f"{settings().public_url}/v1/runs/{run.id}/checkpoints/{checkpoint.name}"
        st.link_button(
            "Package",
            f"{address}?part=package",
            icon=":material/download:",
            help="Weights and card, as a tar",
        )
        st.link_button("Weights", f"{address}?part=weights", icon=":material/download:", help="safetensors")
        # A run that goes on may have to go on from there.
        is_needed = checkpoint.name == LAST and not run.state.is_final
        if may_edit(run.project_id) and st.button(
            "Delete", icon=":material/delete:", key=f"run.delete.{checkpoint.name}", disabled=is_needed
        ):
            _confirm(run, checkpoint)


@st.dialog("Delete a checkpoint")
def _confirm(run: Run, checkpoint: Checkpoint) -> None:
    st.markdown(f"**{checkpoint.name}** of epoch {checkpoint.epoch + 1} cannot be brought back.")
    if st.button("Delete for good", type="primary", icon=":material/delete:", key="run.deleted"):
        yard().runs.delete_checkpoint(run.id, checkpoint.name)
        st.rerun()


def used_settings(run: Run) -> None:
    """What the run really used: the config as it was resolved, and the data of this very version."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("**Knobs**")
        rows = [{"knob": name, "value": str(value)} for name, value in _flat(run.config, "")]
        st.dataframe(rows, hide_index=True, height="content")
    with right:
        st.markdown("**Data**")
        for title, value in _data(run).items():
            st.caption(f"{title}  \n**{escaped(value)}**")
        st.page_link(
            "app_pages/browse.py",
            label="Look at the samples",
            icon=":material/grid_view:",
            query_params={"dataset": str(run.data.dataset_id), "version": str(run.data.version)},
        )


def _data(run: Run) -> dict[str, str]:
    counts = " · ".join(f"{count:,} {subset}" for subset, count in run.data.subset_counts.items())
    more = [f"{part.dataset_name}, version {part.version}" for part in run.data.also]
    classes = run.data.classes
    told = {
        "Dataset": "; ".join([f"{run.data.dataset_name}, version {run.data.version}", *more]),
        "Subsets": counts,
        "Classes": ", ".join(classes[:MOST_CLASSES]) + (" …" if len(classes) > MOST_CLASSES else ""),
        "Device": run.device or "none yet",
    }
    if made := run.environment:
        told["Carried out with"] = f"Modelyard {made.code_version}, torch {made.torch}, Python {made.python}"
        told["On"] = f"{made.device_name}, {made.platform}"
        if made.packages:
            told["Task packages"] = ", ".join(f"{name} {number}" for name, number in made.packages.items())
    return told


def _flat(config: Mapping[str, Any], above: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in config.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{above}{name}.")
        else:
            found.append((f"{above}{name}", value))
    return found


def life(run: Run) -> None:
    """What happened to it, when and why, and its place between data and deployment."""
    lineage_view(yard().runs.lineage(run.id), f"run:{run.id}")
    summary = yard().runs.summary(run.id)
    with st.container(horizontal=True):
        st.metric("Epochs", summary.num_epochs, border=True)
        st.metric("Steps", f"{summary.num_steps:,}", border=True)
        st.metric("Attempts", run.attempt, border=True)
        st.metric("Duration", duration(summary.duration_seconds), border=True)
        if summary.energy_joules is not None:
            st.metric("Energy", f"{summary.energy_joules / JOULES_PER_WATT_HOUR:,.2f} Wh", border=True)
    before = None
    for each in summary.transitions:
        with st.container(horizontal=True, vertical_alignment="center"):
            since = duration((each.at - before).total_seconds()) if before else ""
            st.caption(f"{each.at:%Y-%m-%d %H:%M:%S}", width=150)
            state_badge(each.state)
            st.caption(escaped(each.reason), width="content")
            st.caption(f"+{since}" if since else "", width="content")
        before = each.at
