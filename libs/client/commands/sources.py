"""What a user writes for SOURCE, for columns and for what a format cannot guess."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from libs.common.contracts.imports import FormatOptions
from libs.common.contracts.sources import (
    DatasetSource,
    HuggingFaceSource,
    PathSource,
    S3Source,
    SampleSource,
    UploadSource,
    UrlSource,
)
from libs.common.errors import BadInput, Problem


@dataclass(frozen=True)
class Kind:
    """`read` gets what stands behind the first colon."""

    form: str
    read: Callable[[str], DatasetSource]


def _s3(rest: str) -> S3Source:
    bucket, _, prefix = rest.removeprefix("//").partition("/")
    return S3Source(bucket=bucket, prefix=prefix)


def _hugging_face(rest: str) -> HuggingFaceSource:
    repository, _, revision = rest.removeprefix("//").partition("@")
    return HuggingFaceSource(repository=repository, revision=revision or "main")


KINDS = {
    "upload": Kind("upload:ID", lambda rest: UploadSource.model_validate({"upload_id": rest})),
    "path": Kind("path:/folder/of/the/server", lambda rest: PathSource(path=rest)),
    "s3": Kind("s3://bucket/prefix", _s3),
    "http": Kind("http://host/file.zip", lambda rest: UrlSource(url=f"http:{rest}")),
    "https": Kind("https://host/file.zip", lambda rest: UrlSource(url=f"https:{rest}")),
    "hf": Kind("hf://owner/name@revision", _hugging_face),
    "sample": Kind("sample:shapes", lambda rest: SampleSource(name=rest)),
}
FORMS = ", ".join(kind.form for kind in KINDS.values())
HELP = f"A file or folder of this machine (./ before an odd name), or {FORMS}"
ROLES = {
    "path": "path_column",
    "text": "text_column",
    "caption": "caption_column",
    "label": "label_columns",
    "target": "target_columns",
    "subset": "subset_column",
}
SEVERAL = ("label_columns", "target_columns")
SETTINGS = {"delimiter": "delimiter", "encoding": "encoding", "separator": "label_separator"}


def read_source(word: str) -> Path | DatasetSource:
    """Raises BadInput with the form that was meant."""
    name, colon, rest = word.partition(":")
    kind = KINDS.get(name) if colon else None
    if kind is None and "://" in word:
        raise BadInput(f"{word!r} is no source that is known here; there are {', '.join(KINDS)}")
    if kind is None:
        return Path(word).expanduser()
    try:
        return kind.read(rest)
    except ValidationError as error:
        raise BadInput(f"{word!r} is no source; write it as {kind.form}") from error


def name_of(source: Path | DatasetSource) -> str:
    """What a dataset is called when nobody says."""
    match source:
        case Path():
            return _stem(source.resolve().name)
        case PathSource():
            return _stem(source.path)
        case S3Source():
            return _stem(source.prefix) or source.bucket
        case UrlSource():
            parts = urlsplit(source.url)
            return _stem(unquote(parts.path)) or parts.netloc
        case HuggingFaceSource():
            return source.repository.partition("/")[2]
        case SampleSource():
            return source.name
        case UploadSource():
            return f"upload {source.upload_id}"


def _stem(path: str) -> str:
    return PurePosixPath(path.rstrip("/")).stem.removesuffix(".tar")


def format_options(columns: Sequence[str], options: Sequence[str]) -> FormatOptions | None:
    """`role=name` and `name=value` words; None when there are none. Raises BadInput naming the word."""
    if not columns and not options:
        return None
    fields: dict[str, Any] = {}
    for role, column in pairs("column", columns):
        field = _known("column", role, ROLES)
        if field in SEVERAL:
            fields.setdefault(field, []).append(column)
        else:
            fields[field] = column
    for name, value in pairs("option", options):
        if name.startswith("mask."):
            fields.setdefault("mask_classes", {})[name.removeprefix("mask.")] = value
        else:
            fields[_known("option", name, SETTINGS, "mask.0")] = value
    try:
        return FormatOptions.model_validate(fields)
    except ValidationError as error:
        raise invalid("these options are not valid", error) from error


def pairs(option: str, words: Sequence[str]) -> list[tuple[str, str]]:
    for word in words:
        if "=" not in word:
            raise BadInput(f"--{option} {word!r} is not of the form name=value")
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def invalid(said: str, error: ValidationError) -> BadInput:
    """With the places that are wrong."""
    found = [Problem(field=".".join(map(str, each["loc"])), message=each["msg"]) for each in error.errors()]
    return BadInput(said, errors=found)


def _known(option: str, name: str, fields: dict[str, str], *others: str) -> str:
    if name not in fields:
        raise BadInput(f"--{option} {name}=… is not known; there are {', '.join((*fields, *others))}")
    return fields[name]
