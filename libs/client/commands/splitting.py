"""What a user writes for a way of splitting."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from libs.client.commands.sources import invalid, pairs
from libs.common.contracts.splits import FieldGroup, FolderGroup, Group, NameGroup, SplitMethod
from libs.common.errors import BadInput

_METHOD: TypeAdapter[SplitMethod] = TypeAdapter(SplitMethod)
GROUP_FORMS = "folder:1, field:video or name:-"


@dataclass(frozen=True)
class Words:
    """All options of the command line; each method reads its own."""

    method: str = "ratio"
    ratios: str = "train=0.8,val=0.1,test=0.1"
    seed: int = 0
    stratified: bool = True
    group_by: str | None = None
    near_duplicates: int | None = None
    field: str | None = None
    values: Sequence[str] = ()
    files: Sequence[str] = ()
    rules: Sequence[str] = ()
    rest: str | None = None
    subset: str = "train"


def read_method(words: Words) -> SplitMethod:
    """Raises BadInput that names the word."""
    if words.method not in METHODS:
        raise BadInput(f"--method {words.method} is not known; there are {', '.join(METHODS)}")
    try:
        return _METHOD.validate_python({"method": words.method, **METHODS[words.method](words)})
    except ValidationError as error:
        raise invalid("this is no way to split", error) from error


def read_group(word: str | None) -> Group | None:
    if word is None:
        return None
    by, _, value = word.partition(":")
    try:
        match by:
            case "folder":
                return FolderGroup.model_validate({"depth": value or 1})
            case "field":
                return FieldGroup(field=value)
            case "name":
                return NameGroup(separator=value or "-")
    except ValidationError as error:
        raise invalid(f"--group-by {word!r} is not of the form {GROUP_FORMS}", error) from error
    raise BadInput(f"--group-by {word!r} is not of the form {GROUP_FORMS}")


def _ratio(words: Words) -> dict[str, Any]:
    return {
        "ratios": dict(pairs("ratios", words.ratios.split(","))),
        "seed": words.seed,
        "stratified": words.stratified,
        "group": read_group(words.group_by),
        "near_duplicates": words.near_duplicates,
    }


def _field(words: Words) -> dict[str, Any]:
    return {"field": words.field, "subsets": dict(pairs("value", words.values))}


def _files(words: Words) -> dict[str, Any]:
    """`test=photos/*.jpg`, or `test=@list.txt` for the names in a file, one in a line."""
    files: dict[str, list[str]] = {}
    for subset, name in pairs("files", words.files):
        files.setdefault(subset, []).extend(_names(name[1:]) if name.startswith("@") else [name])
    return {"files": files, "rest": words.rest}


def _names(path: str) -> list[str]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise BadInput(f"the list {path} cannot be read: {error}") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _filter(words: Words) -> dict[str, Any]:
    return {"rules": [_rule(word) for word in words.rules], "rest": words.rest}


def _rule(word: str) -> dict[str, Any]:
    subset, _, conditions = word.partition(":")
    return {"subset": subset, **dict(pairs("rule", conditions.split(",")))}


def _none(words: Words) -> dict[str, Any]:
    return {"subset": words.subset}


METHODS: Mapping[str, Callable[[Words], dict[str, Any]]] = {
    "ratio": _ratio,
    "field": _field,
    "files": _files,
    "filter": _filter,
    "none": _none,
}
