"""YOLO's `data.yaml`: names of classes, where subsets lie, of how many keypoints an object has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import yaml

from libs.common.contracts.imports import ImportProblem
from services.datasets.files import Entry, Files
from services.datasets.formats.names import LONGEST_LABEL
from services.datasets.formats.plan import warning
from services.datasets.formats.tables.cells import CellIsBad, checked

LARGEST_BYTES = 2**20
MOST_CLASSES = 100_000
MOST_KEYPOINTS = 1000
# What is no subset, whatever stands there.
RESERVED = frozenset({"names", "nc", "path", "kpt_shape", "flip_idx", "kpt_names", "download", "task"})
# Texts all: a class may be called `no`, or `1`, and is no more than that.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Task = Literal["detect", "segment", "obb", "pose"]


@dataclass(frozen=True)
class YoloYaml:
    """`names` are by index, None for one that cannot be a class; `subsets` maps keys to paths as they stand.

    `keypoints` is (how many, numbers of each).
    """

    path: str
    names: Sequence[str | None]
    root: str = ""
    subsets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    task: Task | None = None
    keypoints: tuple[int, int] | None = None
    problems: Sequence[ImportProblem] = ()


def read_yaml(files: Files, entry: Entry) -> YoloYaml | None:
    """None for a YAML of something else."""
    if entry.size_bytes > LARGEST_BYTES:
        return None
    with files.open(entry) as stream:
        data = stream.read(LARGEST_BYTES)
    try:
        value = yaml.load(data, LOADER)  # noqa: S506  # nosec B506 # a base loader makes texts, lists and mappings only
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if not isinstance(value, dict) or not ({"names", "nc"} & value.keys()):
        return None
    problems: list[ImportProblem] = []
    return YoloYaml(
        path=entry.path,
        names=list(_names(value, entry.path, problems)),
        root=value["path"] if isinstance(value.get("path"), str) else "",
        subsets={key: paths for key, each in value.items() if (paths := _paths(key, each))},
        task=_task(value.get("task")),
        keypoints=_keypoints(value.get("kpt_shape")),
        problems=problems,
    )


def checked_names(names: Sequence[object], path: str, problems: list[ImportProblem]) -> Iterator[str | None]:
    """A name that is none is told; who names that class will be refused, line by line."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        try:
            if not isinstance(name, str) or not 0 < len(name) <= LONGEST_LABEL:
                raise CellIsBad("class_invalid", f"a class has a name of 1 to {LONGEST_LABEL} characters")
            checked(name)
        except CellIsBad as bad:
            problems.append(warning(path, "class_invalid", f"class {number}: {bad.message}"))
            yield None
            continue
        if name in seen:
            message = f"class {number} is called {name!r} like another; they are one now"
            problems.append(warning(path, "class_repeated", message))
        seen.add(name)
        yield name


def _names(value: Mapping[str, object], path: str, problems: list[ImportProblem]) -> Iterator[str | None]:
    """Numbers for those that have no name."""
    names = value.get("names")
    if isinstance(names, dict):
        numbered = {number: name for key, name in names.items() if (number := _number(key)) is not None}
        count = max((number + 1 for number in numbered), default=0)
        listed = [numbered.get(number, str(number)) for number in range(min(count, MOST_CLASSES))]
    else:
        listed = names[:MOST_CLASSES] if isinstance(names, list) else []
    declared = min(_number(value.get("nc")) or 0, MOST_CLASSES)
    listed = [*listed, *map(str, range(len(listed), declared))]
    yield from checked_names(listed, path, problems)


def _paths(key: object, value: object) -> tuple[str, ...]:
    if not isinstance(key, str) or key in RESERVED:
        return ()
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str) and each.strip())


def _task(value: object) -> Task | None:
    return cast(Task, value) if value in get_args(Task) else None


def _keypoints(value: object) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    count, size = map(_number, value)
    return (count, size) if count and count <= MOST_KEYPOINTS and size in (2, 3) else None


def _number(value: object) -> int | None:
    if not isinstance(value, str) or len(value) > 9 or not (value.isascii() and value.isdigit()):
        return None
    return int(value)
