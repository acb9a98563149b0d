"""Models one below the other: the latest version, aliases, and what answers with them."""

from collections.abc import Sequence

import streamlit as st

from libs.common.contracts.models import Model
from ui.states import ago, escaped, shortened

MOST_NAMED = 3


def model_row(model: Model, deployments: Sequence[str], project_name: str | None) -> None:
    """With the project's name where models of several are shown."""
    with st.container(border=True, key=f"models.row.{model.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "app_pages/model.py",
                label=f"**{model.name}**",
                icon=":material/deployed_code:",
                query_params={"name": model.name},
                width="content",
            )
            latest = f"v{model.latest_version}" if model.latest_version else "no version"
            st.badge(latest, color="blue" if model.latest_version else "gray")
            alias_badges(model)
            parts = [escaped(model.task), escaped(shortened(project_name or "", 40)), ago(model.created_at)]
            st.caption(" · ".join(filter(None, parts)), width="content")
            st.space("stretch")
            served_at(deployments)
        if model.note:
            st.caption(escaped(shortened(model.note, 200)))


def alias_badges(model: Model) -> None:
    for alias, version in model.aliases.items():
        st.badge(f"{alias} → v{version}", color="violet", icon=":material/label:")


def served_at(deployments: Sequence[str]) -> None:
    if not deployments:
        st.caption("not served", width="content")
    for name in deployments[:MOST_NAMED]:
        st.page_link(
            "app_pages/deployment.py",
            label=name,
            icon=":material/rocket_launch:",
            query_params={"name": name},
            width="content",
        )
    if len(deployments) > MOST_NAMED:
        st.caption(f"and {len(deployments) - MOST_NAMED} more", width="content")
