"""One sample in a window of its own: all that is known of it, and its class, which may be changed."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st
from comp.sample_view import sample_view
from comp.shown import Lines, Tones
from session import yard

from libs.common.contracts.annotations import Annotation, LabelAnnotation, LabelsAnnotation
from libs.common.contracts.samples import Sample
from libs.common.errors import ModelyardError, NotFound
from ui.address import given_id, go
from ui.sample_pages import Selection, sample_tiles
from ui.states import escaped, size
from ui.tile_bar import around
from ui.tiles import TilePage


@st.dialog("Sample", width="large", icon=":material/image_search:", on_dismiss=lambda: go(sample=None))
def sample_detail(wanted: Selection, classes: Sequence[str], total: int | None, can_edit: bool) -> None:
    """Goes from sample to sample by itself: the address says which, the page behind it waits."""
    sample_id = given_id("sample")
    tiles = sample_tiles(wanted)
    page = tiles.page()
    sample = _find(wanted, page, sample_id) if sample_id else None
    if sample is None:
        st.error("This sample is not in the version that is shown.", icon=":material/search_off:")
        return
    sample_view(
        sample,
        Tones(classes),
        facts(sample),
        key="browse.view",
        on_move=lambda way: tiles.move(sample.id, way),
        around=around(page, page.place_of(sample.id), total),
    )
    if refused := st.session_state.pop("browse.refused", None):
        st.error(refused, icon=":material/error:")
    if can_edit:
        _class_form(sample, classes, wanted.version)


def facts(sample: Sample) -> Lines:
    """All that is stored beside annotations and fields."""
    lines = [
        ("Path", sample.name),
        ("Type", sample.media_type),
        ("Pixels", f"{sample.width} × {sample.height}" if sample.width else ""),
        ("Bytes", f"{sample.size_bytes:,} ({size(sample.size_bytes)})"),
        ("Subset", sample.subset or ""),
        ("Since", f"version {sample.version}"),
        ("Until", f"version {sample.removed_in}" if sample.removed_in else ""),
        ("Added", f"{sample.created_at:%Y-%m-%d %H:%M} UTC"),
        ("SHA-256", sample.sha256),
        ("Id", str(sample.id)),
    ]
    return [(name, value) for name, value in lines if value]


def _find(wanted: Selection, page: TilePage[Sample], sample_id: UUID) -> Sample | None:
    place = page.place_of(sample_id)
    if place is not None:
        return page.items[place]
    try:
        return yard().samples.get(sample_id, wanted.version)
    except NotFound:
        return None


def _class_form(sample: Sample, classes: Sequence[str], version: int) -> None:
    """For samples that are of one class, or of some; shapes are drawn elsewhere."""
    key = f"browse.class.{sample.id}.{sample.version}"
    match next((each for each in sample.annotations if _is_class(each)), None):
        case LabelAnnotation(label=label):
            options = list(dict.fromkeys((*classes, label)))

            def choose() -> None:
                chosen = LabelAnnotation(label=st.session_state[key][:300])
                if not _annotate(sample, chosen, version):
                    st.session_state[key] = label

            st.selectbox(
                "Class",
                options,
                index=options.index(label),
                key=key,
                accept_new_options=True,
                width=320,
                on_change=choose,
            )
        case LabelsAnnotation(labels=labels):

            def choose_some() -> None:
                chosen = LabelsAnnotation(labels=tuple(each[:300] for each in st.session_state[key]))
                if not _annotate(sample, chosen, version):
                    st.session_state[key] = list(labels)

            st.multiselect(
                "Classes",
                list(dict.fromkeys((*classes, *labels))),
                default=list(labels),
                key=key,
                accept_new_options=True,
                on_change=choose_some,
            )
        case _:
            pass


def _is_class(annotation: Annotation) -> bool:
    return isinstance(annotation, LabelAnnotation | LabelsAnnotation)


def _annotate(sample: Sample, given: LabelAnnotation | LabelsAnnotation, version: int) -> bool:
    """Makes a version, which the page behind then shows; False when it was refused."""
    others = tuple(each for each in sample.annotations if not _is_class(each))
    try:
        yard().samples.annotate(sample.id, (given, *others), version=version)
    except ModelyardError as error:
        # An error of a callback is shown nowhere: it is said in the window at its next run.
        st.session_state["browse.refused"] = f"**{error.title}.** {escaped(error.detail)}"
        return False
    go(version=None)
    st.session_state["browse.told"] = f"Changed {sample.name}: a new version"
    st.rerun()
