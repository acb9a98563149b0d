"""The tasks of this installation: entry points `modelyard.tasks`, ours and those of any package."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from libs.common.errors import BadInput, Problem
from libs.common.log import get_logger
from libs.tasks.manifest import API_VERSION, TaskManifest

GROUP = "modelyard.tasks"
log = get_logger(__name__)


class TaskIsUnknown(BadInput):
    code, title = "task_unknown", "There is no such task"


class DuplicateTask(Exception):
    """Two packages bring a task of the same id: which one is meant must not depend on luck."""


@cache
def tasks() -> dict[str, TaskManifest]:
    """By id; a plug-in that cannot be loaded is reported and does not stop the others."""
    found: dict[str, TaskManifest] = {}
    for point in sorted(set(entry_points(group=GROUP)), key=lambda point: (point.name, point.value)):
        manifest = _load(point)
        if manifest is None:
            continue
        if manifest.id in found:
            raise DuplicateTask(f"two packages bring the task {manifest.id!r}; one is {point.value}")
        found[manifest.id] = manifest
    return found


def task(task_id: str) -> TaskManifest:
    """Raises TaskIsUnknown with the known ones named."""
    known = tasks()
    if task_id not in known:
        problem = Problem(field="task", message=f"choose one of {', '.join(known)}")
        raise TaskIsUnknown(f"this installation has no task {task_id!r}", errors=[problem])
    return known[task_id]


def _load(point: EntryPoint) -> TaskManifest | None:
    try:
        manifest = point.load()
    except Exception as error:
        log.error("task_cannot_be_loaded", entry_point=point.value, exc_info=error)
        return None
    if not isinstance(manifest, TaskManifest) or manifest.api_version != API_VERSION:
        log.error("task_is_of_another_version", entry_point=point.value, wanted=API_VERSION)
        return None
    return manifest
