"""How entries of the queue read."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ui.queue_rows import ended_item, running_item, waiting_item

from libs.common.contracts.jobs import Desired, JobState
from libs.common.contracts.queue import QueueEntry
from libs.common.ids import new_id

PROJECT = new_id()
NAMES = {PROJECT: "Harbour"}


def now() -> datetime:
    return datetime.now(UTC)


def entry(**changes: Any) -> QueueEntry:
    fields: dict[str, Any] = {
        "id": new_id(),
        "kind": "run.train",
        "title": "Train ships #1",
        "project_id": PROJECT,
        "created_by": None,
        "state": JobState.QUEUED,
        "desired": Desired.RUN,
        "priority": 0,
        "attempt": 1,
        "max_attempts": 3,
        "progress": 0.0,
        "message": "",
        "created_at": now(),
        "run_id": new_id(),
    }
    return QueueEntry(**fields | changes)


def test_what_runs_says_how_far_it_is_where_and_for_how_long():
    started = now() - timedelta(minutes=3)
    item = running_item(
        entry(state="running", progress=0.42, message="epoch 3", device="a/gpu0", started_at=started),
        NAMES,
        may_edit=True,
    )
    assert (item.state, item.tone, item.progress, item.action) == ("running", "blue", 0.42, "Cancel")
    assert item.said == "Harbour · epoch 3"
    assert item.facts[:2] == ("42%", "a/gpu0") and item.facts[2].startswith("3 min")


def test_what_was_asked_to_end_is_not_asked_again():
    cancelled = running_item(entry(state="running", desired="cancel"), NAMES, may_edit=True)
    stopped = running_item(entry(state="running", desired="stop"), NAMES, may_edit=True)
    assert [(item.state, item.action) for item in (cancelled, stopped)] == [
        ("stopping", None),
        ("stopping", "Cancel"),
    ]


def test_what_waits_says_why_for_what_and_until_when():
    item = waiting_item(
        entry(needs=("gpu1",), waits_for="other jobs come first", starts_at=now() + timedelta(minutes=10.5)),
        NAMES,
        may_edit=True,
    )
    assert item.said == "Harbour · other jobs come first"
    assert item.facts[0] == "GPU1" and item.facts[1].startswith("starts in about 10 min")
    assert (item.action, item.progress) == ("Remove", None)


def test_who_may_only_look_is_offered_nothing():
    assert waiting_item(entry(), NAMES, may_edit=False).action is None
    assert running_item(entry(state="running"), NAMES, may_edit=False).action is None


def test_what_failed_says_why_and_leads_to_its_run():
    failed = entry(state="failed", error_detail="no memory", started_at=now(), finished_at=now())
    item = ended_item(failed, NAMES)
    assert (item.tone, item.said, item.href) == ("red", "Harbour · no memory", f"run?id={failed.run_id}")


def test_work_without_a_title_project_or_run_is_still_named():
    item = ended_item(entry(kind="dataset.import", title="", project_id=None, run_id=None), NAMES)
    assert (item.title, item.said, item.href) == ("Import", "", None)
