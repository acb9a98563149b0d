"""Where in the console a fact leads."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from libs.common.contracts.base import Fact
from libs.common.contracts.system import AlertKind

# Gone with what they tell of.
NOWHERE = frozenset({"project.deleted"})


def place(fact: Fact) -> str:
    """Below the console's address; empty is its first page."""
    if fact.type_name() in NOWHERE:
        return ""
    match fact.noun:
        case "dataset" if fact.past == "deleted":
            return _page("project", id=fact.project_id)
        case "dataset" | "split":
            return _page("dataset", id=_field(fact, "dataset_id"))
        case "run" | "evaluation" | "export":
            return _page("run", id=_run_of(fact))
        case "deployment" | "canary":
            return _page("deployment", name=_field(fact, "deployment"))
        case "model":
            deployment = _field(fact, "deployment")
            return (
                _page("deployment", name=deployment)
                if deployment
                else _page("model", name=_field(fact, "model"))
            )
        case "alert":
            return "queue" if _field(fact, "kind") is AlertKind.QUEUE else "system"
        case _:
            return ""


def _run_of(fact: Fact) -> UUID | None:
    """Named by itself, or in what was evaluated or exported."""
    for holder in (fact, _field(fact, "model"), _field(fact, "source")):
        if run_id := _field(holder, "run_id"):
            return run_id
    return None


def _page(page: str, /, **parts: object) -> str:
    given = "&".join(f"{key}={quote(str(value))}" for key, value in parts.items() if value)
    return f"{page}?{given}" if given else ""


def _field(holder: Any, name: str) -> Any:
    return getattr(holder, name, None)
