"""Versions written out: a new one, progress, what the format could not carry, the download."""

import streamlit as st
from session import yard
from settings import settings

from libs.common.contracts.dataset_exports import DatasetExport, DatasetExportState
from libs.common.contracts.datasets import Dataset
from ui.access import may_edit
from ui.states import ago, counted, empty_state, escaped, size, state_badge


def exports_section(dataset: Dataset) -> None:
    if may_edit(dataset.project_id):
        export_form(dataset)
    found = list(yard().datasets.exports(dataset.id))
    if not found:
        empty_state("archive", "Nothing was exported yet. Any format that can be imported can be written.")
        return
    listed(dataset, any(each.state is DatasetExportState.RUNNING for each in found))


def export_form(dataset: Dataset) -> None:
    formats = {
        each.name: each.title for each in yard().datasets.formats() if dataset.modality in each.modalities
    }
    splits = {
        None: "as imported",
        **{each.id: each.name for each in yard().splits.list(dataset.id) if each.version == dataset.version},
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        format = st.selectbox(
            "Format", list(formats), format_func=formats.__getitem__, key="export.format", width=260
        )
        split = st.selectbox(
            "Subsets", list(splits), format_func=splits.__getitem__, key="export.split", width=220
        )
        if st.button("Export", type="primary", icon=":material/archive:", key="export.start") and format:
            yard().datasets.export(dataset.id, format, split_id=split)
            st.rerun()


def listed(dataset: Dataset, is_live: bool) -> None:
    @st.fragment(run_every=1.5 if is_live else None)
    def live() -> None:
        found = list(yard().datasets.exports(dataset.id))
        for export in found:
            row(export)
        if is_live and not any(each.state is DatasetExportState.RUNNING for each in found):
            st.rerun()

    live()


def row(export: DatasetExport) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escaped(export.filename)}**", width="content")
            state_badge(export.state)
            st.caption(f"{ago(export.created_at)}", width="content")
            st.space("stretch")
            if export.state is DatasetExportState.COMPLETED:
                st.caption(
                    f"{counted(export.num_samples, 'sample')} · {size(export.size_bytes)}", width="content"
                )
                address = (
                    f"{settings().public_url}/v1/datasets/{export.dataset_id}/exports/{export.id}/download"
                )
                st.link_button("Download", address, icon=":material/download:")
        if export.state is DatasetExportState.RUNNING:
            job = yard().jobs.get(export.job_id)
            st.progress(job.progress, escaped(job.message or "waiting for its turn"))
        if export.error_detail:
            st.caption(f":red[{escaped(export.error_detail)}]")
        if export.num_losses:
            losses(export)


def losses(export: DatasetExport) -> None:
    with st.expander(f"The format has no place for {counted(export.num_losses, 'thing')}"):
        found = yard().datasets.get_export(export.dataset_id, export.id).losses.items
        st.dataframe(
            [{"sample": each.path, "what": each.code, "reason": each.message} for each in found],
            hide_index=True,
        )
