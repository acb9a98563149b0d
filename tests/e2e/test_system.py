"""Nodes, their history and alerts over HTTP and in the shell, on the real stack."""

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from libs.client import Modelyard
from libs.common.contracts.system import Node, SystemView
from libs.common.errors import BadInput, NotFound


def local_node(yard: Modelyard) -> Node:
    """Once its worker has told of it."""
    for _ in range(300):
        try:
            found = yard.nodes.get("local")
        except NotFound:
            found = None
        if found is not None and found.reading is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("the worker tells nothing of its node")


def test_a_node_tells_how_it_is_and_was(yard: Modelyard):
    node = local_node(yard)
    assert node.reading is not None and not node.is_away
    assert node.reading.cpu.cores and node.reading.memory.total_bytes > node.reading.memory.used_bytes
    (disk,) = node.reading.disks
    assert disk.folders == ("scratch", "data") and disk.total_bytes > disk.free_bytes > 0
    (cpu,) = node.devices
    assert (cpu.id, cpu.memory_bytes) == ("cpu", node.reading.memory.total_bytes)

    history = yard.nodes.history("local", since=datetime.now(UTC) - timedelta(minutes=30), max_points=200)
    parts = {part.part: part for part in history.parts}
    assert {"cpu", "disk-scratch"} <= parts.keys()
    assert all(value is not None and 0 < value < 1 for value in parts["cpu"].memory)
    assert list(parts["cpu"].at) == sorted(set(parts["cpu"].at))


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"node": "nobody"}, 404, None),
        ({}, 422, "node"),
        ({"node": "No such name"}, 422, "node"),
        ({"node": "local", "max_points": 5}, 422, "max_points"),
        ({"node": "local", "since": "yesterday"}, 422, "since"),
        ({"node": "local", "since": "2026-01-01T00:00:00"}, 422, "since"),
        ({"node": "local", "until": "0001-01-01T00:00:00Z"}, 422, "until"),
        ({"node": "local", "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, 422, "until"),
    ],
)
def test_a_history_that_cannot_be_is_refused_by_its_field(stack, query: dict, status: int, field: str | None):
    answer = httpx.get(
        f"{stack.gateway_url}/v1/system/history",
        params=query,
        headers={"Authorization": f"Bearer {stack.token}"},
    )
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    if field is not None:
        assert [each["field"].split(".")[-1] for each in problem["errors"]] == [field]


def test_the_shell_shows_nodes_as_a_table_and_whole(yard: Modelyard, modelyard):
    local_node(yard)
    shown = modelyard("system")
    assert "local" in shown and "disk of scratch, data" in shown and "all rooms are there" in shown
    assert "local" in {
        node.name for node in SystemView.model_validate_json(modelyard("system", "--json")).nodes
    }


def test_the_shell_shows_nodes_again_and_again_until_it_is_interrupted(yard: Modelyard, stack):
    local_node(yard)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "MODELYARD_URL": stack.gateway_url, "MODELYARD_TOKEN": stack.token}
    process = subprocess.Popen(
        [sys.executable, "-m", "libs.client.cli", "system", "--watch"],
        env={**environment, "TERM": "xterm", "COLUMNS": "150", "LINES": "40"},
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        # Whoever runs tests in the background has them ignore Ctrl-C, and what they start as well.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    os.close(theirs)
    seen = b""
    while seen.count(b"all rooms are there") < 2:
        seen += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    # Somebody who does not look any more would keep it from its last words.
    with suppress(OSError):
        while said := os.read(ours, 65536):
            seen += said
    os.close(ours)
    assert process.wait(20) == 0
    assert b"Traceback" not in seen


def test_settings_of_the_house_are_changed_section_by_section_and_what_is_left_out_stays(
    yard: Modelyard, modelyard
):
    before = yard.settings.get()
    try:
        said = modelyard("settings", "history.logs_kept_days=365", "alerts.queue_waiting_jobs=5")
        assert "history.logs_kept_days" in said and "365" in said
        after = yard.settings.get()
        assert (after.history.logs_kept_days, after.alerts.queue_waiting_jobs) == (365, 5)
        assert after.history.metrics_archived_after_days == before.history.metrics_archived_after_days
        assert after.queue == before.queue
        with pytest.raises(BadInput) as refused:
            yard.settings.change(alerts={"temperature_critical_celsius": 30}, history={"logs_kept_days": 9})
        assert [each.field for each in refused.value.errors] == ["alerts.temperature_critical_celsius"]
        assert "history.logs_kept_days" in modelyard("settings", "history.logs_kept_days=0", status=1)
        assert yard.settings.get() == after
    finally:
        modelyard("settings", "history.logs_kept_days=null", "alerts.queue_waiting_jobs=1000")
    assert yard.settings.get() == before
