"""Which version of which model: by number, told with its aliases, where it comes from and its age."""

from collections.abc import Mapping
from itertools import islice

import streamlit as st
from session import yard

from libs.common.contracts.models import ModelVersion
from libs.common.errors import NotFound
from ui.states import ago

# Of a model with more, the older ones are reached by a link with their number.
MOST_OFFERED = 200


def versions_of(model: str) -> Mapping[int, ModelVersion]:
    """Newest first; nothing of a model that is gone."""
    try:
        return {each.version: each for each in islice(yard().models.versions(model), MOST_OFFERED)}
    except NotFound:
        return {}


def version_choice(
    versions: Mapping[int, ModelVersion], asked: str | None, *, key: str, label: str = "Version"
) -> ModelVersion:
    """`asked` is a number or an alias, as a link says it."""
    chosen = st.selectbox(
        label,
        list(versions),
        index=_place(versions, asked),
        format_func=lambda number: told(versions[number]),
        key=key,
    )
    return versions[chosen]


def told(version: ModelVersion) -> str:
    origin = "from elsewhere" if version.origin == "upload" else ""
    parts = [f"v{version.version}", *version.aliases, version.precision, origin, ago(version.created_at)]
    return " · ".join(filter(None, parts))


def _place(versions: Mapping[int, ModelVersion], asked: str | None) -> int:
    for place, (number, version) in enumerate(versions.items()):
        if asked in (str(number), *version.aliases):
            return place
    return 0
