"""Versions of a model one below the other: what each is worth, is called, and can be used for."""

import streamlit as st
from settings import settings

from libs.common.contracts.models import ModelVersion
from ui.access import may_edit
from ui.certificates import certificate_line, certificate_view
from ui.model_actions import actions
from ui.states import ago, escaped, shortened, size


def version_row(version: ModelVersion, deployments: tuple[str, ...]) -> None:
    with st.container(border=True, key=f"model.version.{version.version}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"#### v{version.version}", width="content")
            for alias in version.aliases:
                st.badge(alias, color="violet", icon=":material/label:")
            st.badge(version.precision.upper(), color="gray")
            facts = [size(version.file.size_bytes), ago(version.created_at)]
            st.caption(" · ".join(facts), width="content")
            st.space("stretch")
            for name in deployments:
                st.page_link(
                    "app_pages/deployment.py",
                    label=name,
                    icon=":material/rocket_launch:",
                    query_params={"name": name},
                    width="content",
                )
            buttons(version)
        if version.note:
            st.markdown(escaped(shortened(version.note, 400)))
        if version.parity is not None:
            with st.expander(certificate_line(version.parity)):
                certificate_view(version.parity)
        else:
            st.caption(from_elsewhere(version))


def buttons(version: ModelVersion) -> None:
    if may_edit(version.project_id):
        st.page_link(
            "app_pages/deployments.py",
            label="Deploy",
            icon=":material/rocket_launch:",
            query_params={"model": version.model, "version": str(version.version)},
            width="content",
        )
    st.link_button(
        "Download",
        f"{settings().public_url}/v1/models/{version.model}/versions/{version.version}/download",
        icon=":material/download:",
        type="tertiary",
    )
    if may_edit(version.project_id):
        actions(version)


def from_elsewhere(version: ModelVersion) -> str:
    """There is no network to compare it with."""
    card = version.card
    classes = shortened(", ".join(card.classes), 80)
    return (
        f":material/upload_file: From elsewhere, so without a certificate · {len(card.classes)} classes: "
        f"{escaped(classes)}"
    )


def of_run(version: ModelVersion) -> None:
    if version.run_id is None:
        return
    st.page_link(
        "app_pages/run.py",
        label="The run it was exported from",
        icon=":material/monitoring:",
        query_params={"id": str(version.run_id)},
        width="content",
    )
