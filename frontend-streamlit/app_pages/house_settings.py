"""Settings of the house that take effect while it runs, section by section."""

import json
from typing import Any

import streamlit as st
from session import yard
from ui.access import only_for_administrators
from ui.settings_form import settings_form
from ui.states import escaped

TITLES = {"queue": "Queue"}


def page() -> None:
    if not only_for_administrators("Settings of the house"):
        return
    st.header("Settings")
    schema, values = schema_of_house(), yard().settings.get()
    for name, section in schema["properties"].items():
        st.subheader(TITLES.get(name, name.replace("_", " ").capitalize()))
        own = resolved(section, schema["$defs"])
        if about := own.get("description"):
            st.caption(escaped(about))
        settings_form(name, {**own, "$defs": schema["$defs"]}, values[name])
    st.caption("What is not here is set where the house is started, and takes effect with its next start.")


def resolved(section: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    return {**parts.get(section.get("$ref", "").rpartition("/")[2], {}), **section}


@st.cache_data(scope="session", ttl=600, show_spinner=False)
def schema_of_house() -> dict[str, Any]:
    """References as JSON Schema has them by itself, not as they stand in the API's description."""
    text = json.dumps(yard().settings.schema())
    return json.loads(text.replace("#/components/schemas/", "#/$defs/"))


page()
