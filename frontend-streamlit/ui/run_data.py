"""What pages need to know of a run's data to show its samples; it never changes."""

from dataclasses import dataclass
from uuid import UUID

import streamlit as st
from comp.shown import Kind
from session import yard

from libs.common.contracts.runs import Run
from libs.common.errors import NotFound


@dataclass(frozen=True)
class RunData:
    classes: tuple[str, ...]
    kind: Kind


def data_of(run: Run) -> RunData:
    modality = run.data.modality or yard().task(run.task).modality
    return RunData(run.data.classes, "image" if modality.startswith("image") else "text")


@st.cache_data(scope="session", max_entries=20, show_spinner=False)
def run_data(run_id: UUID) -> RunData:
    """Without classes where the run was deleted."""
    try:
        return data_of(yard().runs.get(run_id))
    except NotFound:
        return RunData((), "image")
