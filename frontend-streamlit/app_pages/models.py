"""Models: what there is under which name, where it is served, and the way in for files from elsewhere."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import go
from ui.model_import_form import import_form
from ui.model_imports import imports_view
from ui.model_rows import model_row
from ui.project_choice import chosen_scope, project_names, scope_select
from ui.states import empty_state, escaped

# What is beyond them is found by its project.
MOST_MODELS, MOST_DEPLOYMENTS = 200, 1000


def page() -> None:
    if told := st.session_state.pop("models.told", None):
        st.toast(escaped(told), icon=":material/check:")
    names = project_names("A model belongs to one.")
    if not names:
        return
    project = chosen_scope(names)
    is_new = may_edit(project) and "new" in st.query_params
    header(is_new, project)
    if is_new:
        import_form({each: name for each, name in names.items() if may_edit(each)}, project)
        return
    scope_select(names, project, key="models.project", on_choose=lambda value: go(project=value))
    imports_view(project)
    listing(project, names)


def header(is_new: bool, project: UUID | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("A model from elsewhere" if is_new else "Models", width="content")
        st.space("stretch")
        if is_new:
            st.button("Back to the list", icon=":material/arrow_back:", key="models.back", on_click=leave)
        elif may_edit(project):
            st.button(
                "Bring in an ONNX file",
                type="primary",
                icon=":material/upload_file:",
                key="models.new",
                on_click=begin,
            )


def begin() -> None:
    go(new=1)


def leave() -> None:
    go(new=None)


def listing(project: UUID | None, names: Mapping[UUID, str]) -> None:
    found = list(islice(yard().models.list(project), MOST_MODELS))
    if not found:
        nothing()
        return
    served: dict[str, list[str]] = defaultdict(list)
    for each in islice(yard().deployments.list(project), MOST_DEPLOYMENTS):
        for model in {name for name, _ in each.in_use}:
            served[model].append(each.name)
    for model in found:
        model_row(model, served[model.name], None if project else names.get(model.project_id, ""))
    if len(found) == MOST_MODELS:
        st.caption(f"The first {MOST_MODELS} by name; choose a project to see others.")


def nothing() -> None:
    empty_state(
        "deployed_code",
        "No model yet. Export a trained run, or bring in an ONNX file from elsewhere.",
        "Runs to export",
        lambda: st.switch_page("app_pages/export.py"),
    )


page()
