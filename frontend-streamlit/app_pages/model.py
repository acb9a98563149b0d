"""One model: its versions with what they are worth, its aliases, and where each comes from."""

from itertools import islice

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import address_sections, address_select, given_name, given_number, go
from ui.lineage import lineage_view
from ui.model_actions import ask_to_delete, note_of_model, toast
from ui.model_rows import alias_badges
from ui.model_versions import of_run, version_row
from ui.states import ago, empty_state, escaped

from libs.common.contracts.models import Model, ModelVersion
from libs.common.errors import NotFound

# Older ones are reached by their number in an address.
MOST_VERSIONS, MOST_DEPLOYMENTS = 100, 1000
SECTIONS = {
    "versions": ":material/history: Versions",
    "lineage": ":material/account_tree: Where it comes from",
}


def page() -> None:
    name = given_name("name")
    if name is None:
        choose_another("Choose a model first.")
        return
    try:
        model = yard().models.get(name)
    except NotFound:
        choose_another(f"There is no model **{name}**.")
        return
    toast()
    header(model)
    versions = list(islice(yard().models.versions(name), MOST_VERSIONS))
    if not versions:
        empty_state(
            "deployed_code", "No version is left. An export or a file from elsewhere can be the next."
        )
        return
    chosen = address_sections(SECTIONS, key="model.section")
    if chosen == "lineage":
        lineage(versions)
    else:
        listing(model, versions)


def choose_another(sentence: str) -> None:
    empty_state("deployed_code", sentence)
    st.page_link("app_pages/models.py", label="Models", icon=":material/arrow_back:")


def header(model: Model) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "app_pages/models.py",
            label="Models",
            icon=":material/arrow_back:",
            query_params={"project": str(model.project_id)},
            width="content",
        )
        st.page_link(
            "app_pages/project.py",
            label="Project",
            icon=":material/folder_open:",
            query_params={"id": str(model.project_id)},
            width="content",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(model.name, width="content")
        alias_badges(model)
        st.space("stretch")
        if may_edit(model.project_id):
            buttons(model)
    st.caption(f"{escaped(model.task)} · since {ago(model.created_at)}")
    if model.note:
        st.markdown(escaped(model.note))


def buttons(model: Model) -> None:
    if st.button("Note", icon=":material/edit:", key="model.note.edit"):
        note_of_model(model)
    if st.button("", icon=":material/delete:", key="model.delete", help="Delete the model"):
        ask_to_delete(model)


def listing(model: Model, versions: list[ModelVersion]) -> None:
    deployments = list(islice(yard().deployments.list(model.project_id), MOST_DEPLOYMENTS))
    for version in versions:
        version_row(
            version,
            tuple(each.name for each in deployments if (version.model, version.version) in each.in_use),
        )
    if len(versions) == MOST_VERSIONS:
        st.caption(f"The newest {MOST_VERSIONS}.")


def lineage(versions: list[ModelVersion]) -> None:
    known = {each.version: each for each in versions}
    newest = versions[0].version
    number = given_number("version", newest)
    address_select(
        "Version",
        "version",
        {str(each): f"v{each}" for each in known},
        key="model.lineage.version",
        on_choose=lambda value: go(version=value),
        default=str(newest),
    )
    version = known.get(number, versions[0])
    of_run(version)
    lineage_view(
        yard().models.lineage(version.model, version.version), f"model:{version.model}@{version.version}"
    )


page()
