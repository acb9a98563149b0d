"""What can be done with a model and its versions: aliases, notes, deletion."""

from collections.abc import Callable

import streamlit as st
from boundary import show_failure
from session import yard

from libs.common.contracts.models import Model, ModelVersion
from libs.common.errors import BadInput, Conflict, NotFound
from ui.address import NAME
from ui.confirming import confirm_deletion
from ui.states import escaped

TOLD = "model.told"
USUAL_ALIASES = ("champion", "challenger")
ACTIONS = {
    "alias": ":material/label: Aliases",
    "note": ":material/edit: Note",
    "delete": ":material/delete: Delete",
}


def toast() -> None:
    if told := st.session_state.pop(TOLD, None):
        st.toast(escaped(told), icon=":material/check:")


def act(do: Callable[[], object], told: str) -> None:
    """`told` is said once the page is drawn anew."""
    try:
        do()
    except (BadInput, Conflict, NotFound) as error:
        show_failure(error)
    else:
        st.session_state[TOLD] = told
        st.rerun()


def actions(version: ModelVersion) -> None:
    chosen = st.menu_button(
        "",
        list(ACTIONS),
        icon=":material/more_vert:",
        type="tertiary",
        key=f"model.menu.{version.version}",
        format_func=ACTIONS.__getitem__,
        help=f"Aliases, note and deletion of v{version.version}",
    )
    match chosen:
        case "alias":
            aliases(version)
        case "note":
            note_of_version(version)
        case "delete":
            ask_to_delete_version(version)


@st.dialog("Aliases", icon=":material/label:")
def aliases(version: ModelVersion) -> None:
    """Whoever deploys by an alias gets the version that it points to then."""
    st.caption(f"Names for {version.model} v{version.version}; an alias points to one version at a time.")
    present = yard().models.get(version.model).aliases
    for alias in version.aliases:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(alias, color="violet", icon=":material/label:")
            if st.button("Remove", type="tertiary", icon=":material/close:", key=f"model.unalias.{alias}"):
                act(lambda alias=alias: yard().models.remove_alias(version.model, alias), f"Removed {alias}")
    others = [alias for alias in dict.fromkeys((*USUAL_ALIASES, *present)) if alias not in version.aliases]
    chosen = st.selectbox(
        "Alias",
        others,
        index=None,
        accept_new_options=True,
        placeholder="champion, or a name of your own",
        format_func=lambda alias: f"{alias}, now v{present[alias]}" if alias in present else alias,
        key="model.alias",
    )
    is_name = chosen is not None and NAME.fullmatch(chosen)
    if chosen and not is_name:
        st.caption(":orange[Small letters, digits and hyphens only.]")
    word = "Move it here" if chosen in present else "Set"
    if st.button(word, type="primary", disabled=not is_name, key="model.alias.set") and chosen:
        act(
            lambda: yard().models.set_alias(version.model, chosen, version.version),
            f"{chosen} is v{version.version}",
        )


@st.dialog("Note", icon=":material/edit:")
def note_of_version(version: ModelVersion) -> None:
    note = st.text_area("Note", version.note, key="model.version.note", max_chars=5000)
    if st.button("Save", type="primary", key="model.version.save"):
        act(
            lambda: yard().models.update_version(version.model, version.version, note=note),
            f"Saved the note of v{version.version}",
        )


@st.dialog("Note", icon=":material/edit:")
def note_of_model(model: Model) -> None:
    note = st.text_area("Note", model.note, key="model.note", max_chars=5000)
    if st.button("Save", type="primary", key="model.save"):
        act(lambda: yard().models.update(model.name, note=note), f"Saved the note of {model.name}")


def ask_to_delete_version(version: ModelVersion) -> None:
    named = f"{version.model} v{version.version}"

    def delete() -> None:
        yard().models.delete_version(version.model, version.version)
        st.session_state[TOLD] = f"Deleted {named}"

    stays = "its export stays" if version.origin == "export" else "its file goes with it"
    confirm_deletion(
        "the version",
        named,
        f"{stays}, and its number never comes again.",
        delete,
        key="model.confirm.version",
    )


def ask_to_delete(model: Model) -> None:
    def delete() -> None:
        yard().models.delete(model.name)
        st.session_state["models.told"] = f"Deleted {model.name}"
        st.switch_page("app_pages/models.py", query_params={"project": str(model.project_id)})

    confirm_deletion(
        "the model",
        model.name,
        "all its versions and aliases go with it; exports stay.",
        delete,
        key="model.confirm",
    )
