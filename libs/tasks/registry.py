"""The tasks of this installation: entry points `modelyard.tasks`, ours and those of any package."""

from collections.abc import Mapping
from functools import cache

from libs.common.errors import BadInput, Problem
from libs.tasks.manifest import API_VERSION, TaskManifest
from libs.tasks.plug_ins import plug_ins

GROUP = "modelyard.tasks"


class TaskIsUnknown(BadInput):
    code, title = "task_unknown", "There is no such task"


@cache
def tasks() -> Mapping[str, TaskManifest]:
    """By id; a plug-in that cannot be loaded is reported and does not stop the others."""
    return plug_ins(GROUP, TaskManifest, API_VERSION)


def task(task_id: str) -> TaskManifest:
    """Raises TaskIsUnknown with the known ones named."""
    known = tasks()
    if task_id not in known:
        problem = Problem(field="task", message=f"choose one of {', '.join(known)}")
        raise TaskIsUnknown(f"this installation has no task {task_id!r}", errors=[problem])
    return known[task_id]
