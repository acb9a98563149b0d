"""Entries of the queue as rows: what they are, where they belong, how far they are or why they wait."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from comp.sort_list import Item, Tone

from libs.common.contracts.jobs import Desired, JobState
from libs.common.contracts.queue import QueueEntry
from ui.states import ago, duration

ICONS: dict[JobState, tuple[str, Tone]] = {
    JobState.QUEUED: ("schedule", "gray"),
    JobState.RUNNING: ("progress_activity", "blue"),
    JobState.COMPLETED: ("check_circle", "green"),
    JobState.FAILED: ("error", "red"),
    JobState.CANCELLED: ("cancel", "gray"),
}
KINDS = {
    "run.train": "Training",
    "run.evaluate": "Evaluation",
    "run.export": "Export of a model",
    "dataset.import": "Import",
    "dataset.export": "Export of a dataset",
}
Names = Mapping[UUID, str]


def running_item(entry: QueueEntry, projects: Names, *, may_edit: bool) -> Item:
    is_ending = entry.desired is not Desired.RUN
    icon, tone = ("pause_circle", "orange") if is_ending else ICONS[entry.state]
    return Item(
        id=str(entry.id),
        icon=icon,
        tone=tone,
        state="stopping" if is_ending else "running",
        title=_title(entry),
        href=_link(entry),
        said=_words(_project(entry, projects), entry.message),
        facts=(f"{entry.progress:.0%}", _place(entry), duration(_seconds(entry, datetime.now(UTC)))),
        progress=entry.progress,
        action="Cancel" if may_edit and entry.desired is not Desired.CANCEL else None,
        question="End it and lose what it has not kept?",
    )


def waiting_item(entry: QueueEntry, projects: Names, *, may_edit: bool) -> Item:
    icon, tone = ICONS[entry.state]
    return Item(
        id=str(entry.id),
        icon=icon,
        tone=tone,
        state="waiting",
        title=_title(entry),
        href=_link(entry),
        said=_words(_project(entry, projects), entry.waits_for),
        facts=tuple(fact for fact in (_needs(entry), _start(entry)) if fact),
        action="Remove" if may_edit else None,
        question="Take it out of the queue?",
    )


def ended_item(entry: QueueEntry, projects: Names) -> Item:
    icon, tone = ICONS[entry.state]
    return Item(
        id=str(entry.id),
        icon=icon,
        tone=tone,
        state=entry.state,
        title=_title(entry),
        href=_link(entry),
        said=_words(_project(entry, projects), entry.error_detail or ""),
        facts=(_place(entry), duration(_seconds(entry, entry.finished_at)), ago(entry.finished_at)),
    )


def _title(entry: QueueEntry) -> str:
    return entry.title or KINDS.get(entry.kind, entry.kind)


def _link(entry: QueueEntry) -> str | None:
    return f"run?id={entry.run_id}" if entry.run_id else None


def _project(entry: QueueEntry, projects: Names) -> str:
    return projects.get(entry.project_id, "") if entry.project_id else ""


def _place(entry: QueueEntry) -> str:
    return entry.device or entry.node or ""


def _needs(entry: QueueEntry) -> str:
    return ", ".join(need.upper() for need in entry.needs)


def _start(entry: QueueEntry) -> str:
    """A moment that is near is not worth a figure."""
    if entry.starts_at is None:
        return ""
    seconds = (entry.starts_at - datetime.now(UTC)).total_seconds()
    return "starts now" if seconds < 10 else f"starts in about {duration(seconds)}"


def _seconds(entry: QueueEntry, until: datetime | None) -> float | None:
    return (until - entry.started_at).total_seconds() if entry.started_at and until else None


def _words(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
