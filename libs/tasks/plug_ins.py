"""What packages bring, ours and those of any other: objects behind the entry points of a group."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, TypeVar

from libs.common.log import get_logger

log = get_logger(__name__)


class PlugIn(Protocol):
    """Whoever loads one is light: it names what is heavy and does not import it."""

    @property
    def id(self) -> str: ...


Found = TypeVar("Found", bound=PlugIn)


class DuplicatePlugIn(Exception):
    """Two packages bring one of the same id: which one is meant must not depend on luck."""


def plug_ins(group: str, kind: type[Found], api_version: int | None = None) -> Mapping[str, Found]:
    """By id; one that cannot be loaded, or is of another version, is reported and stops no other."""
    found: dict[str, Found] = {}
    for point in sorted(set(entry_points(group=group)), key=lambda point: (point.name, point.value)):
        plug_in = _loaded(point, kind, api_version)
        if plug_in is None:
            continue
        if plug_in.id in found:
            raise DuplicatePlugIn(f"two packages bring {plug_in.id!r} of {group}; one is {point.value}")
        found[plug_in.id] = plug_in
    return found


def _loaded(point: EntryPoint, kind: type[Found], api_version: int | None) -> Found | None:
    where = {"group": point.group, "entry_point": point.value}
    try:
        plug_in = point.load()
    except Exception as error:
        log.error("plug_in_cannot_be_loaded", **where, exc_info=error)
        return None
    if not isinstance(plug_in, kind) or getattr(plug_in, "api_version", None) != api_version:
        log.error("plug_in_is_of_another_version", **where, wanted=api_version)
        return None
    return plug_in
