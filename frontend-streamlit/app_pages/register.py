"""Register a dataset, or add data to one: say where it is, look at it, import it."""

from uuid import UUID

import streamlit as st
from session import yard
from ui.address import given_id
from ui.findings import detection_view
from ui.project_choice import chosen_project
from ui.sources import format_form, source_form
from ui.states import escaped

from libs.client.data import DetectionFailed
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.imports import Detection, FormatOptions
from libs.common.contracts.projects import Project
from libs.common.contracts.sources import DatasetSource


def page() -> None:
    dataset_id = given_id("dataset")
    dataset = yard().datasets.get(dataset_id) if dataset_id else None
    project = yard().projects.get(dataset.project_id) if dataset else chosen_project()
    if project is None:
        return
    header(project, dataset)
    name = None
    if dataset is None:
        name = st.text_input("Name", key="register.name", max_chars=200).strip()
    source = source_form("register")
    format, options = format_form(yard().datasets.formats(), "register")
    with st.container(horizontal=True, vertical_alignment="center"):
        look, thorough = look_buttons(source)
        is_raw = dataset is None and st.toggle(
            "Only register", key="register.raw", help="Import it later; until then it is raw."
        )
        st.space("stretch")
        wants_import = st.button(
            "Add the samples" if dataset else "Register" if is_raw else "Import",
            type="primary",
            icon=":material/download:",
            key="register.import",
            disabled=source is None or name == "",
        )
    if source is None:
        return
    if look or thorough:
        st.session_state["register.seen"] = look_at(source, format, options, is_thorough=thorough)
    if wants_import:
        made = bring_in(project.id, dataset, name or "", source, format, options, is_raw)
        st.session_state.pop("register.seen", None)
        st.switch_page("app_pages/dataset.py", query_params={"id": str(made.id)})
    if seen := st.session_state.get("register.seen"):
        detection_view(seen)


def header(project: Project, dataset: Dataset | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        title = f"Add data to {escaped(dataset.name)}" if dataset else "Register a dataset"
        st.header(title, width="content")
        st.badge(escaped(project.name), color="blue", icon=":material/folder_open:")


def look_buttons(source: DatasetSource | None) -> tuple[bool, bool]:
    quick = st.button(
        "Look first",
        icon=":material/search:",
        key="register.look",
        disabled=source is None,
        help="Format, task, classes and what is wrong with the annotations; nothing is stored.",
    )
    thorough = st.button(
        "Look thoroughly",
        icon=":material/manage_search:",
        key="register.thorough",
        disabled=source is None,
        help="Decodes every sample, as the import will; nothing is stored.",
    )
    return quick, thorough


def look_at(
    source: DatasetSource, format: str | None, options: FormatOptions, *, is_thorough: bool
) -> Detection | None:
    bar = st.progress(0.0, "looking")
    try:
        started = yard().datasets.detect(source, format, options=options, is_thorough=is_thorough)
        return yard().datasets.wait_for_detection(
            started.id, on_progress=lambda share, message: bar.progress(share, message or "waiting")
        )
    except DetectionFailed as error:
        st.error(escaped(error.detail), icon=":material/error:")
        return None
    finally:
        bar.empty()


def bring_in(
    project_id: UUID,
    dataset: Dataset | None,
    name: str,
    source: DatasetSource,
    format: str | None,
    options: FormatOptions,
    is_raw: bool,
) -> Dataset:
    datasets = yard().datasets
    if dataset is not None:
        return datasets.add(dataset.id, source, format, options=options)
    return datasets.create(project_id, name, source, format, options=options, is_raw=is_raw)


page()
