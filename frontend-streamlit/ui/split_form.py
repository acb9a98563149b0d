"""How a dataset is dealt out to subsets, as a person says it."""

import streamlit as st
from pydantic import ValidationError

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
    SplitMethod,
)
from ui.states import escaped

METHODS = {
    "ratio": "By shares",
    "field": "By a field",
    "files": "By names",
    "filter": "By rules",
    "none": "All in one",
}
SUBSETS = ("train", "val", "test")
SHARES = {"train": 80, "val": 10, "test": 10}
GROUPS = {
    None: "Nothing",
    "folder": "Samples of one folder",
    "field": "Samples with one value",
    "name": "Names that begin alike",
}
NEAR_BITS = 4


def split_form(fields: tuple[str, ...], classes: tuple[str, ...]) -> SplitMethod | None:
    """None while it cannot be one yet, and the form says why."""
    method = st.segmented_control(
        "Method",
        list(METHODS),
        default="ratio",
        required=True,
        key="split.method",
        format_func=METHODS.__getitem__,
        label_visibility="collapsed",
    )
    try:
        return _method(method, fields, classes)
    except ValidationError as error:
        for each in error.errors():
            st.caption(f":red[{escaped(each['msg'])}]")
        return None


def _method(method: str, fields: tuple[str, ...], classes: tuple[str, ...]) -> SplitMethod | None:
    match method:
        case "field":
            return _by_field(fields)
        case "files":
            return _by_names()
        case "filter":
            return _by_rules(classes)
        case "none":
            return NoSplit(subset=st.selectbox("Subset", SUBSETS, key="split.only"))
        case _:
            return _by_shares(fields)


def _by_shares(fields: tuple[str, ...]) -> RatioSplit | None:
    shares = {}
    for column, (subset, share) in zip(st.columns(3), SHARES.items(), strict=True):
        with column:
            shares[subset] = st.number_input(f"{subset} %", 0, 100, share, key=f"split.share.{subset}")
    with st.container(horizontal=True, gap="medium"):
        is_stratified = st.toggle("Same classes in every subset", True, key="split.stratified")
        keeps_near = st.toggle(
            "Near-duplicates stay together",
            True,
            key="split.near",
            help="Images that look the same would let a model be tested on what it was trained on.",
        )
    together, seed = st.columns([2, 1])
    with together:
        group = _group(fields)
    with seed:
        number = st.number_input("Seed", 0, 2**31 - 1, 0, key="split.seed")
    total = sum(shares.values())
    if total != 100:
        st.caption(f":orange[The shares add up to {total} %; they have to make 100 %.]")
        return None
    return RatioSplit(
        ratios={subset: share / 100 for subset, share in shares.items() if share},
        stratified=is_stratified,
        seed=number,
        group=group,
        near_duplicates=NEAR_BITS if keeps_near else None,
    )


def _group(fields: tuple[str, ...]) -> Group | None:
    kinds = [kind for kind in GROUPS if kind != "field" or fields]
    left, right = st.columns(2)
    with left:
        kind = st.selectbox("What stays together", kinds, format_func=GROUPS.__getitem__, key="split.group")
    with right:
        match kind:
            case "folder":
                return FolderGroup(depth=st.number_input("Folders deep", 1, 20, 1, key="split.depth"))
            case "field":
                return FieldGroup(field=st.selectbox("Field", fields, key="split.group_field"))
            case "name":
                return NameGroup(
                    separator=st.text_input("Up to the last", "-", max_chars=3, key="split.prefix") or "-"
                )
            case _:
                return None


def _by_field(fields: tuple[str, ...]) -> FieldSplit:
    imported = "the subset that the source named"
    field = st.selectbox(
        "Field", [None, *fields], format_func=lambda each: each or imported, key="split.field"
    )
    return FieldSplit(field=field)


def _by_names() -> FileSplit | None:
    st.caption("Names of samples, one in a line; `*` and `?` stand for any letters.")
    names: dict[str, tuple[str, ...]] = {}
    for column, subset in zip(st.columns(3), SUBSETS, strict=True):
        with column:
            text = st.text_area(subset, key=f"split.names.{subset}", placeholder=f"{subset}/*")
            names[subset] = tuple(filter(None, map(str.strip, text.splitlines())))
    rest = st.selectbox(
        "The others", [None, *SUBSETS], format_func=lambda each: each or "are left out", key="split.rest"
    )
    given = {subset: found for subset, found in names.items() if found}
    return FileSplit(files=given, rest=rest) if given else None


def _by_rules(classes: tuple[str, ...]) -> FilterSplit | None:
    st.caption("The first rule that fits decides.")
    rules = []
    for number in range(3):
        subset, label, name = st.columns(3)
        with subset:
            to = st.selectbox(
                "Subset", [None, *SUBSETS], format_func=lambda each: each or "–", key=f"split.rule.{number}"
            )
        with label:
            of = st.selectbox(
                "Class", [None, *classes], format_func=lambda each: each or "any", key=f"split.label.{number}"
            )
        with name:
            like = st.text_input("Named", key=f"split.like.{number}", placeholder="2024*").strip() or None
        if to and (of or like):
            rules.append(Rule(subset=to, label=of, name=like))
    rest = st.selectbox(
        "The others", [None, *SUBSETS], format_func=lambda each: each or "are left out", key="split.others"
    )
    return FilterSplit(rules=tuple(rules), rest=rest) if rules else None
