"""What belongs together by its name or by a field: one function per way, and one line in the table."""

from collections.abc import Callable, Sequence
from typing import Any

from libs.common.contracts.base import View
from libs.common.contracts.splits import FieldGroup, FolderGroup, Group, NameGroup
from services.datasets.splitting.columns import Needs, Samples

Keys = Sequence[str | None]


def needs(group: Group, where: str) -> Needs:
    """`where` is the place of the group in the request."""
    if isinstance(group, FieldGroup):
        return Needs(fields={group.field: f"{where}.field"})
    return Needs(frozenset({"names"}))


def keys(samples: Samples, group: Group) -> Keys:
    """The same for samples of one group, None for those that stand alone."""
    return WAYS[type(group)](samples, group)


def _by_folder(samples: Samples, group: FolderGroup) -> Keys:
    folders = (name.rpartition("/")[0].split("/") for name in samples.names)
    return ["/".join(parts[: group.depth]) or None for parts in folders]


def _by_field(samples: Samples, group: FieldGroup) -> Keys:
    return [value or None for value in samples.fields[group.field]]


def _by_name(samples: Samples, group: NameGroup) -> Keys:
    return [_beginning(name, group.separator) for name in samples.names]


def _beginning(name: str, separator: str) -> str | None:
    """Up to the last separator of the file's own name without its ending."""
    folder, slash, file = name.rpartition("/")
    stem = file.rpartition(".")[0] or file
    beginning = stem.rpartition(separator)[0]
    return f"{folder}{slash}{beginning}" if beginning else None


WAYS: dict[type[View], Callable[[Samples, Any], Keys]] = {
    FolderGroup: _by_folder,
    FieldGroup: _by_field,
    NameGroup: _by_name,
}
