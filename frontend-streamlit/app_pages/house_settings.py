"""Settings of the house that take effect while it runs, section by section."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from session import yard
from ui.access import only_for_administrators
from ui.settings_form import settings_form
from ui.states import escaped

from libs.client.settings import HouseSettings


def page() -> None:
    if not only_for_administrators("Settings of the house"):
        return
    st.header("Settings")
    # Drawn from the contract: a section or a field that it gains stands here without a line of this page.
    schema = HouseSettings.model_json_schema()
    values = yard().settings.get().model_dump(mode="json")
    for name in schema["properties"]:
        section(name, schema, values[name])
    st.caption("What is not here is set where the house is started, and takes effect with its next start.")


def section(name: str, schema: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    parts = schema["$defs"]
    own = parts[schema["properties"][name]["$ref"].rpartition("/")[2]]
    st.subheader(name.replace("_", " ").capitalize())
    if about := own.get("description"):
        st.caption(escaped(about))
    settings_form(name, {**own, "$defs": parts}, values)


page()
