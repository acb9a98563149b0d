"""A file on its way in: the browser sends it to the gateway itself, with progress, and hands back its id."""

from dataclasses import dataclass
from uuid import UUID

import streamlit as st
from settings import settings

from comp import register

_UPLOAD = register("upload", shared=("elements",))


@dataclass(frozen=True)
class Uploaded:
    id: UUID
    filename: str
    size_bytes: int


KINDS_OF_DATA = "ZIP, TAR, CSV, JSONL, Parquet, text"


def upload(label: str, *, key: str, kinds: str = KINDS_OF_DATA) -> Uploaded | None:
    """What was sent last, whole; None before, and after the person took it back."""
    result = _UPLOAD(
        key=key,
        data={"url": settings().public_url, "label": label, "kinds": kinds},
        on_uploaded_change=lambda: None,
    )
    return _uploaded(result.uploaded)


def _uploaded(told: object) -> Uploaded | None:
    """What a browser says may be anything; the room looks the upload up anyway."""
    if not isinstance(told, dict):
        return None
    try:
        return Uploaded(UUID(str(told["id"])), str(told["filename"])[:300], int(told["size_bytes"]))
    except (KeyError, ValueError, TypeError):
        st.toast("The upload could not be understood; try again.", icon=":material/error:")
        return None
