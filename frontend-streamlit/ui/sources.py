"""Where data comes from, as a person says it."""

from dataclasses import dataclass

import streamlit as st
from comp.upload import upload
from pydantic import ValidationError

from libs.common.contracts.imports import FormatDescription, FormatOptions
from libs.common.contracts.sources import (
    DatasetSource,
    HuggingFaceSource,
    PathSource,
    S3Source,
    SampleSource,
    UploadSource,
    UrlSource,
)
from ui.states import escaped

KINDS = {
    "upload": (":material/upload_file:", "Upload"),
    "path": (":material/folder:", "Server path"),
    "s3": (":material/cloud:", "S3"),
    "url": (":material/link:", "URL"),
    "huggingface": (":material/hub:", "Hugging Face"),
    "sample": (":material/toys:", "Sample data"),
}
SAMPLES = {
    "shapes": "Shapes: images in class folders",
    "shapes-detection": "Shapes with boxes and polygons: COCO",
    "captions": "Shapes with captions: image–text pairs",
    "sentences": "Sentences: texts with a class",
    "measurements": "Measurements: rows with a number to predict",
}
ROLES = {
    "path_column": "File",
    "text_column": "Text",
    "caption_column": "Caption",
    "subset_column": "Subset",
}


@dataclass(frozen=True)
class Wanted:
    """What is to be brought in, and how it is read."""

    source: DatasetSource
    format: str | None
    options: FormatOptions


def source_form(key: str) -> DatasetSource | None:
    """None until it names something."""
    kind = st.segmented_control(
        "Source",
        list(KINDS),
        default="upload",
        required=True,
        key=f"{key}.kind",
        format_func=lambda each: " ".join(KINDS[each]),
        label_visibility="collapsed",
    )
    try:
        return _source(kind, key)
    except ValidationError as error:
        _tell(error)
        return None


def _source(kind: str, key: str) -> DatasetSource | None:
    match kind:
        case "upload":
            sent = upload("Choose a file", key=f"{key}.upload")
            return UploadSource(upload_id=sent.id) if sent else None
        case "path":
            path = st.text_input(
                "Path",
                key=f"{key}.path",
                max_chars=2000,
                placeholder="/data/photos",
                help="Below a folder that the operator allows.",
            )
            return PathSource(path=path.strip()) if path.strip() else None
        case "s3":
            return _s3(key)
        case "url":
            url = st.text_input(
                "Address", key=f"{key}.url", placeholder="https://example.org/photos.zip"
            ).strip()
            return UrlSource(url=url) if url else None
        case "huggingface":
            return _hub(key)
        case _:
            name = st.selectbox("Data", list(SAMPLES), key=f"{key}.sample", format_func=SAMPLES.__getitem__)
            return SampleSource(name=name)


def format_form(formats: tuple[FormatDescription, ...], key: str) -> tuple[str | None, FormatOptions | None]:
    """The format, None to find out; and what it cannot guess, None while that cannot be meant."""
    titles = {each.name: each.title for each in formats}
    chosen = st.selectbox(
        "Format",
        [None, *titles],
        key=f"{key}.format",
        format_func=lambda name: titles[name] if name else "Find out",
    )
    with st.expander("Columns and other options"):
        st.caption("Of CSV, JSONL and Parquet; what is left empty is guessed, and the report says how.")
        roles = {}
        for column, (field, title) in zip(st.columns(len(ROLES)), ROLES.items(), strict=True):
            with column:
                roles[field] = st.text_input(title, key=f"{key}.{field}").strip() or None
        labels, targets, separator = st.columns([2, 2, 1])
        with labels:
            label_columns = _names(st.text_input("Label columns", key=f"{key}.labels", placeholder="a, b"))
        with targets:
            target_columns = _names(st.text_input("Target columns", key=f"{key}.targets"))
        with separator:
            between = st.text_input("Labels are parted by", key=f"{key}.separator", max_chars=3) or None
    try:
        return chosen, FormatOptions(
            **roles, label_columns=label_columns, target_columns=target_columns, label_separator=between
        )
    except ValidationError as error:
        _tell(error)
        return chosen, None


def said(source: DatasetSource) -> str:
    """In one line."""
    match source:
        case UploadSource():
            return "an upload"
        case PathSource(path=path):
            return path
        case S3Source(bucket=bucket, prefix=prefix):
            return f"s3://{bucket}/{prefix}"
        case UrlSource(url=url):
            return url
        case HuggingFaceSource(repository=repository, revision=revision):
            return f"hf://{repository}@{revision}"
        case SampleSource(name=name):
            return f"sample data {name}"


def _tell(error: ValidationError) -> None:
    for each in error.errors():
        field = ".".join(map(str, each["loc"]))
        st.caption(f":red[{escaped(field)}: {escaped(each['msg'])}]")


def _s3(key: str) -> S3Source | None:
    bucket, prefix = st.columns([1, 2])
    with bucket:
        name = st.text_input("Bucket", key=f"{key}.bucket").strip()
    with prefix:
        below = st.text_input("Prefix", key=f"{key}.prefix", placeholder="photos/2026/").strip()
    return S3Source(bucket=name, prefix=below) if len(name) > 2 else None


def _hub(key: str) -> HuggingFaceSource | None:
    repository, revision = st.columns([2, 1])
    with repository:
        name = st.text_input("Dataset", key=f"{key}.repository", placeholder="owner/name").strip()
    with revision:
        at = st.text_input("Revision", "main", key=f"{key}.revision").strip()
    return HuggingFaceSource(repository=name, revision=at or "main") if name.count("/") == 1 else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in text.split(","))))
