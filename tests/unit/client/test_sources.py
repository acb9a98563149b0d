"""What a user writes for SOURCE, for columns and for options."""

from pathlib import Path
from uuid import UUID

import pytest

from libs.client.commands.sources import format_options, name_of, read_source
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
from libs.common.errors import BadInput

UPLOAD = UUID("0199f0a1-7c32-7d92-9ff5-b0373042797a")


@pytest.mark.parametrize(
    ("word", "source", "name"),
    [
        ("path:/srv/data/birds.zip", PathSource(path="/srv/data/birds.zip"), "birds"),
        ("s3://bucket/a/birds/", S3Source(bucket="bucket", prefix="a/birds/"), "birds"),
        ("s3://bucket", S3Source(bucket="bucket"), "bucket"),
        ("https://host/x/gr%C3%BCn.tar.gz?v=1", UrlSource(url="https://host/x/gr%C3%BCn.tar.gz?v=1"), "grün"),
        ("http://host", UrlSource(url="http://host"), "host"),
        ("hf://owner/birds", HuggingFaceSource(repository="owner/birds"), "birds"),
        (
            "hf://owner/birds@refs/pr/1",
            HuggingFaceSource(repository="owner/birds", revision="refs/pr/1"),
            "birds",
        ),
        ("sample:shapes", SampleSource(name="shapes"), "shapes"),
        (f"upload:{UPLOAD}", UploadSource(upload_id=UPLOAD), f"upload {UPLOAD}"),
        ("data/birds.v2.tar.gz", Path("data/birds.v2.tar.gz"), "birds.v2"),
        ("./sample:shapes", Path("sample:shapes"), "sample:shapes"),
        ("C:/birds.zip", Path("C:/birds.zip"), "birds"),
        ("~/birds", Path.home() / "birds", "birds"),
    ],
)
def test_a_word_is_a_source_with_a_name(word: str, source: DatasetSource | Path, name: str) -> None:
    read = read_source(word)
    assert (read, name_of(read)) == (source, name)


def test_the_folder_one_stands_in_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "birds").mkdir()
    monkeypatch.chdir(tmp_path / "birds")
    assert name_of(read_source(".")) == "birds"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("s3://B", "s3://bucket/prefix"),
        ("s3://", "s3://bucket/prefix"),
        ("hf://squad", "hf://owner/name@revision"),
        ("sample:", "sample:shapes"),
        ("upload:1", "upload:ID"),
        ("path:", "path:/folder/of/the/server"),
        ("gs://bucket/x", "there are upload, path, s3, http, https, hf, sample"),
    ],
)
def test_a_source_written_wrong_is_answered_with_how_it_is_written(word: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_source(word)
    assert repr(word) in refused.value.detail and refused.value.detail.endswith(said)


def test_columns_and_options_become_what_a_format_is_told() -> None:
    columns = ["path=file=name", "label=cat", "label=dog", "target=weight", "subset=part"]
    options = ["delimiter=;", "encoding=cp1252", "separator=|", "mask.0=sky", "mask.7=road"]
    assert format_options(columns, options) == FormatOptions(
        path_column="file=name",
        label_columns=("cat", "dog"),
        target_columns=("weight",),
        subset_column="part",
        delimiter=";",
        encoding="cp1252",
        label_separator="|",
        mask_classes={0: "sky", 7: "road"},
    )
    assert format_options([], []) is None


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        (["label"], [], "--column 'label' is not of the form name=value"),
        (
            ["lable=x"],
            [],
            "--column lable=… is not known; there are path, text, caption, label, target, subset",
        ),
        ([], ["quote=x"], "--option quote=… is not known; there are delimiter, encoding, separator, mask.0"),
    ],
)
def test_a_word_that_is_not_known_is_named(columns: list[str], options: list[str], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        format_options(columns, options)
    assert refused.value.detail == said


@pytest.mark.parametrize(
    ("option", "field"),
    [("delimiter=;;", "delimiter"), ("mask.300=x", "mask_classes"), ("mask.x=y", "mask_classes")],
)
def test_a_value_that_is_not_valid_comes_with_its_field(option: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        format_options([], [option])
    assert (refused.value.errors[0].field or "").startswith(field)
