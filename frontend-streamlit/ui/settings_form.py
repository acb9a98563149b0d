"""One section of the house's settings as a form, drawn from what the house says of it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from session import yard

from libs.common.errors import BadInput, ModelyardError
from ui.acting import tell
from ui.config_form import config_form
from ui.knobs import differences, knobs_of


def settings_form(name: str, schema: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    knobs = knobs_of(schema)
    key = f"settings.{name}"
    problems: dict[str, str] = st.session_state.get(f"{key}.problems", {})
    chosen = config_form(knobs, values, problems, key=key)
    changed = whole(differences(knobs, chosen, values), values)
    if st.button("Save", type="primary", icon=":material/check:", disabled=not changed, key=f"{key}.save"):
        _save(name, changed, key)


def whole(changed: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A field is set as a whole: of what has names those stay that were not changed, unless set to none."""
    return {name: _merged(values.get(name), value) for name, value in changed.items()}


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(new, dict):
        return new
    merged = {**old, **new} if isinstance(old, dict) else new
    return {name: value for name, value in merged.items() if value is not None}


def _save(name: str, changed: Mapping[str, Any], key: str) -> None:
    try:
        yard().settings.change(**{name: changed})
    except BadInput as error:
        st.session_state[f"{key}.problems"] = {
            (each.field or "").removeprefix(f"{name}."): each.message for each in error.errors
        }
        st.error(f"**{error.title}.** {error.detail}", icon=":material/error:")
    except ModelyardError as error:
        st.error(f"**{error.title}.** {error.detail}", icon=":material/error:")
    else:
        st.session_state.pop(f"{key}.problems", None)
        tell("Saved")
