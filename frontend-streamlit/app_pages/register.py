"""Register a dataset, or add data to one: say where it is, look at it, import it."""

from uuid import UUID

import streamlit as st
from boundary import show_failure
from session import yard
from ui.access import may_edit
from ui.address import given_id
from ui.findings import detection_view
from ui.project_choice import chosen_project
from ui.sources import Wanted, format_form, source_form
from ui.states import empty_state, escaped, shortened

from libs.client.datasets import DetectionFailed
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.imports import Detection
from libs.common.contracts.projects import Project
from libs.common.errors import BadInput, Conflict, Forbidden, NotFound

# What the source or its description is refused for; it is mended on this page.
REFUSALS = (BadInput, Conflict, Forbidden, NotFound)


def page() -> None:
    dataset_id = given_id("dataset")
    dataset = yard().datasets.get(dataset_id) if dataset_id else None
    project = yard().projects.get(dataset.project_id) if dataset else chosen_project()
    if project is None:
        return
    header(project, dataset)
    if not may_edit(project.id):
        empty_state("lock", "You may look at data, not bring it in.")
        return
    name = None
    if dataset is None:
        name = st.text_input("Name", key="register.name", max_chars=200).strip()
    source = source_form("register")
    format, options = format_form(yard().datasets.formats(), "register")
    wanted = Wanted(source, format, options) if source and options else None
    look, thorough, is_raw, is_import = buttons(dataset, wanted, is_named=name != "")
    # A look at another source, or read in another way, says nothing about this one.
    if wanted is None or st.session_state.get("register.looked_at") != wanted:
        st.session_state.pop("register.seen", None)
    if wanted is None:
        return
    if look or thorough:
        st.session_state["register.looked_at"] = wanted
        st.session_state["register.seen"] = look_at(wanted, is_thorough=thorough)
    if is_import and (made := bring_in(project.id, dataset, name or "", wanted, is_raw=is_raw)):
        st.session_state.pop("register.seen", None)
        st.switch_page("app_pages/dataset.py", query_params={"id": str(made.id)})
    if seen := st.session_state.get("register.seen"):
        detection_view(seen)


def header(project: Project, dataset: Dataset | None) -> None:
    st.header(f"Add data to {escaped(shortened(dataset.name))}" if dataset else "Register a dataset")
    if dataset:
        back, name, query = "dataset", dataset.name, {"id": str(dataset.id)}
    else:
        back, name, query = "datasets", f"Datasets of {project.name}", {"project": str(project.id)}
    st.page_link(
        f"app_pages/{back}.py", label=escaped(name), icon=":material/arrow_back:", query_params=query
    )


def buttons(
    dataset: Dataset | None, wanted: Wanted | None, *, is_named: bool
) -> tuple[bool, bool, bool, bool]:
    with st.container(horizontal=True, vertical_alignment="center"):
        look, thorough = look_buttons(wanted)
        is_raw = dataset is None and st.toggle(
            "Only register", key="register.raw", help="Import it later; until then it is raw."
        )
        st.space("stretch")
        if not is_named and wanted:
            st.caption("It needs a name.", width="content")
        is_import = st.button(
            "Add the samples" if dataset else "Register" if is_raw else "Import",
            type="primary",
            icon=":material/download:",
            key="register.import",
            disabled=wanted is None or not is_named,
        )
    return look, thorough, is_raw, is_import


def look_buttons(wanted: Wanted | None) -> tuple[bool, bool]:
    quick = st.button(
        "Look first",
        icon=":material/search:",
        key="register.look",
        disabled=wanted is None,
        help="Format, task, classes and what is wrong with the annotations; nothing is stored.",
    )
    thorough = st.button(
        "Look thoroughly",
        icon=":material/manage_search:",
        key="register.thorough",
        disabled=wanted is None,
        help="Decodes every sample, as the import will; nothing is stored.",
    )
    return quick, thorough


def look_at(wanted: Wanted, *, is_thorough: bool) -> Detection | None:
    bar = st.progress(0.0, "looking")
    try:
        started = yard().datasets.detect(
            wanted.source, wanted.format, options=wanted.options, is_thorough=is_thorough
        )
        return yard().datasets.wait_for_detection(
            started.id, on_progress=lambda share, message: bar.progress(share, escaped(message or "waiting"))
        )
    except DetectionFailed as error:
        st.error(escaped(error.detail), icon=":material/error:")
    except REFUSALS as error:
        show_failure(error)
    finally:
        bar.empty()
    return None


def bring_in(
    project_id: UUID, dataset: Dataset | None, name: str, wanted: Wanted, *, is_raw: bool
) -> Dataset | None:
    datasets = yard().datasets
    try:
        if dataset is not None:
            return datasets.add(dataset.id, wanted.source, wanted.format, options=wanted.options)
        return datasets.create(
            project_id, name, wanted.source, wanted.format, options=wanted.options, is_raw=is_raw
        )
    except REFUSALS as error:
        show_failure(error)
    return None


page()
