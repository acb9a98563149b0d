"""Exports one below the other: how far each is, its certificate, and what can be done with the file."""

import streamlit as st
from boundary import show_failure
from session import yard
from settings import settings

from libs.common.contracts.exports import Export, ExportFormat, ExportState
from libs.common.errors import BadInput, Conflict, NotFound
from ui.access import may_edit
from ui.address import NAME
from ui.certificates import certificate_view
from ui.states import ago, escaped, size, state_badge

TITLES = {
    "onnx": "ONNX",
    "openvino": "OpenVINO",
    "tensorrt": "TensorRT",
    "torch_export": "torch.export",
    "torchscript": "TorchScript",
}


def is_open(export: Export) -> bool:
    return export.state in (ExportState.QUEUED, ExportState.RUNNING)


def export_row(export: Export) -> None:
    with st.container(border=True, key=f"export.row.{export.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            title = TITLES.get(export.format, export.format)
            st.markdown(f"**{escaped(title)}** {export.precision.upper()}", width="content")
            state_badge(export.state)
            facts = [f"checkpoint {escaped(export.checkpoint)}", ago(export.finished_at or export.created_at)]
            if export.file:
                facts.append(size(export.file.size_bytes))
            st.caption(" · ".join(facts), width="content")
            if export.model:
                model_link(export.model, export.model_version)
        if is_open(export):
            progress(export)
        if export.error_detail:
            code = (export.error_code or "").replace("_", " ")
            st.error(f"**{escaped(code)}.** {escaped(export.error_detail)}", icon=":material/error:")
        if export.parity is not None:
            certificate_view(export.parity)
        with st.container(horizontal=True, horizontal_alignment="right"):
            buttons(export)


def model_link(model: str, version: int | None) -> None:
    st.page_link(
        "app_pages/model.py",
        label=f"{model} v{version}",
        icon=":material/deployed_code:",
        query_params={"name": model},
        width="content",
    )


def progress(export: Export) -> None:
    if job := yard().exports.job(export):
        st.progress(job.progress, escaped(job.message or "waiting for its turn"))


def buttons(export: Export) -> None:
    if export.state is not ExportState.COMPLETED:
        return
    st.link_button(
        "Download",
        f"{settings().public_url}/v1/exports/{export.id}/download",
        icon=":material/download:",
        type="tertiary",
    )
    st.link_button(
        "Certificate",
        f"{settings().public_url}/v1/exports/{export.id}/certificate",
        icon=":material/verified:",
        type="tertiary",
    )
    is_registrable = export.format == ExportFormat.ONNX and may_edit(export.project_id)
    if is_registrable and st.button(
        "Register", icon=":material/label:", type="tertiary", key=f"export.register.{export.id}"
    ):
        register(export)


@st.dialog("Register as a model", icon=":material/deployed_code:")
def register(export: Export) -> None:
    """Under a name of one's own; it may have several."""
    name = st.text_input(
        "Name", key="export.model", max_chars=63, help="Small letters, digits and hyphens"
    ).strip()
    note = st.text_area("Note", key="export.note", max_chars=5000)
    if st.button("Register", type="primary", disabled=not NAME.fullmatch(name), key="export.register"):
        try:
            made = yard().models.register(name, export.id, note=note)
        except (BadInput, Conflict, NotFound) as error:
            show_failure(error)
            return
        st.session_state["model.told"] = f"Registered {made.model} v{made.version}"
        st.switch_page("app_pages/model.py", query_params={"name": made.model})
