"""Ways of splitting as a shell says them."""

from pathlib import Path

import pytest

from libs.client.commands.splitting import Words, read_group, read_method
from libs.common.contracts.splits import (
    FieldGroup,
    FieldSplit,
    FileSplit,
    FilterSplit,
    FolderGroup,
    Group,
    NameGroup,
    NoSplit,
    RatioSplit,
    Rule,
)
from libs.common.errors import BadInput


def test_nothing_said_is_the_usual_split() -> None:
    assert read_method(Words()) == RatioSplit()


def test_shares_seed_groups_and_near_duplicates_are_read() -> None:
    words = Words(
        ratios="train=0.7,test=0.3", seed=3, stratified=False, group_by="folder:2", near_duplicates=4
    )

    assert read_method(words) == RatioSplit(
        ratios={"train": 0.7, "test": 0.3},
        seed=3,
        stratified=False,
        group=FolderGroup(depth=2),
        near_duplicates=4,
    )


@pytest.mark.parametrize(
    ("word", "group"),
    [
        ("folder", FolderGroup()),
        ("folder:3", FolderGroup(depth=3)),
        ("field:video", FieldGroup(field="video")),
        ("field:a:b", FieldGroup(field="a:b")),
        ("name", NameGroup()),
        ("name:__", NameGroup(separator="__")),
    ],
)
def test_groups_are_read(word: str, group: Group) -> None:
    assert read_group(word) == group


@pytest.mark.parametrize("word", ["video", "folder:x", "folder:0", "field:", "field", "name:long", ""])
def test_another_word_is_no_group(word: str) -> None:
    with pytest.raises(BadInput, match="folder:1, field:video or name:-"):
        read_group(word)


def test_the_other_methods_are_read(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\ufeffa.png\n\n b c.png \n")

    assert read_method(Words("field", field="split", values=["restval=train"])) == FieldSplit(
        field="split", subsets={"restval": "train"}
    )
    files = [f"test=@{tmp_path / 'list.txt'}", "test=x/*.png"]
    assert read_method(Words("files", files=files, rest="train")) == FileSplit(
        files={"test": ("a.png", "b c.png", "x/*.png")}, rest="train"
    )
    rules = ["test:label=cat,min_side=32", "val:field=camera,value=2"]
    assert read_method(Words("filter", rules=rules)) == FilterSplit(
        rules=(Rule(subset="test", label="cat", min_side=32), Rule(subset="val", field="camera", value="2"))
    )
    assert read_method(Words("none", subset="all")) == NoSplit(subset="all")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (Words("random"), "there are ratio, field, files, filter, none"),
        (Words(ratios="train"), "--ratios 'train' is not of the form name=value"),
        (Words(ratios="train=0.5"), "this is no way to split"),
        (Words(ratios="train=a,val=b"), "this is no way to split"),
        (Words("files", files=["test=@/nowhere/list.txt"]), "the list /nowhere/list.txt cannot be read"),
        (Words("filter", rules=["test"]), "--rule '' is not of the form name=value"),
        (Words("filter", rules=["test:colour=red"]), "this is no way to split"),
        (Words("filter"), "this is no way to split"),
    ],
)
def test_what_cannot_be_read_is_said(words: Words, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_method(words)
