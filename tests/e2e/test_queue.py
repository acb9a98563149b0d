"""The queue over HTTP and from a shell: order, limits, history, and what is refused in words."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.client import Modelyard
from libs.common.contracts.experiments import Experiment
from libs.common.contracts.runs import Run
from libs.common.ids import new_id

NOBODY = "01890000-0000-7000-8000-000000000000"
Modelyards = Callable[..., str]


@pytest.fixture(scope="module")
def http(stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=stack.gateway_url, headers=headers, timeout=30) as client:
        yield client


def order(yard: Modelyard) -> list[UUID | None]:
    return [entry.run_id for entry in yard.queue.list() if entry.position]


def test_adding_twice_with_one_key_adds_one_run(http: httpx.Client, yard, ships: Experiment, paused):
    body, headers = {"experiment_id": str(ships.id), "priority": 3}, {"Idempotency-Key": str(new_id())}
    first, again = (http.post("/v1/queue", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (202, again.json())
    (entry,) = yard.queue.list()
    assert (str(entry.run_id), entry.position, entry.priority) == (first.json()["id"], 1, 3)
    assert entry.waits_for == "the queue is paused"


@pytest.mark.parametrize(
    "method, path, body, status, field",
    [
        ("PUT", "/v1/settings", {"queue": {"max_running": 0}}, 422, "max_running"),
        ("PUT", "/v1/settings", {"queue": {"max_running": 9}}, 422, "max_running"),
        ("PUT", "/v1/settings", {"queue": {"max_running_by_pool": {"tpu": 1}}}, 422, "max_running_by_pool"),
        ("PUT", "/v1/settings", {"queue": {"max_running_by_pool": {"gpu": 9}}}, 422, "max_running_by_pool"),
        ("PUT", "/v1/settings", {"queue": {"is_paused": "perhaps"}}, 422, "is_paused"),
        ("PUT", "/v1/settings", {"queues": {}}, 422, "queues"),
        ("POST", "/v1/queue", {}, 422, "experiment_id"),
        ("POST", "/v1/queue", {"experiment_id": NOBODY}, 404, None),
        ("PATCH", f"/v1/queue/{NOBODY}", {"before": NOBODY[:-1] + "1"}, 404, None),
        ("PATCH", f"/v1/queue/{NOBODY}", {}, 404, None),
        ("DELETE", f"/v1/queue/{NOBODY}", None, 404, None),
        ("GET", "/v1/queue/history?kind=A%20B", None, 422, "kind"),
        ("GET", "/v1/queue/history?state=asleep", None, 422, "state"),
        ("GET", "/v1/queue/history?since=yesterday", None, 422, "since"),
        ("GET", "/v1/queue/history?cursor=x", None, 422, None),
        ("GET", "/v1/queue?limit=0", None, 422, "limit"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    http: httpx.Client, method: str, path: str, body: Any, status: int, field: str | None
):
    answer = http.request(method, path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    if field:
        assert any(field in str(problem["field"]) for problem in answer.json()["errors"])


def test_only_what_waits_can_be_moved_and_only_beside_what_waits(http: httpx.Client, yard, queued: list[Run]):
    first, second, third, gone = queued
    yard.queue.remove(gone.id)
    for moved, place in (
        (gone, {"before": str(first.id)}),
        (first, {"after": str(gone.id)}),
    ):
        answer = http.patch(f"/v1/queue/{moved.id}", json=place)
        assert (answer.status_code, answer.json()["code"]) == (409, "job_is_not_waiting")
        assert "cancelled by now" in answer.json()["detail"]
    unknown = http.patch(f"/v1/queue/{first.id}", json={"after": str(new_id())})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "job_not_found")
    itself = http.patch(f"/v1/queue/{first.id}", json={"before": str(first.id)})
    assert (itself.status_code, itself.json()["errors"][0]["field"]) == (422, "before")
    assert http.patch(f"/v1/queue/{first.id}", json={}).status_code == 422
    both = http.patch(f"/v1/queue/{first.id}", json={"before": str(second.id), "after": str(third.id)})
    assert both.status_code == 422
    assert order(yard) == [first.id, second.id, third.id]


def test_a_device_that_cannot_be_is_refused_by_name(http: httpx.Client, ships: Experiment):
    answer = http.post("/v1/queue", json={"experiment_id": str(ships.id), "device": "tpu"})
    assert answer.status_code == 422
    assert "device" in str(answer.json()["errors"][0]["field"])


def test_settings_that_are_left_out_stay(http: httpx.Client, yard, paused):
    http.put("/v1/settings", json={"queue": {"max_running": 2, "max_running_by_pool": {"gpu": 1}}})
    answer = http.put("/v1/settings", json={"queue": {"max_running": 4}})
    known = {"max_running": 4, "max_running_by_pool": {"gpu": 1}, "is_paused": True}
    assert answer.json()["queue"] == http.get("/v1/settings").json()["queue"] == known


def test_the_queue_is_read_and_changed_from_a_shell(
    modelyard: Modelyards, yard: Modelyard, ships: Experiment, paused
):
    first = str(yard.queue.add(ships.id).id)
    second = modelyard("queue", "add", ships.id).strip()
    assert "is number 1" in modelyard("queue", "move", second, "--before", first)
    assert [str(run) for run in order(yard)] == [second, first]
    listed = modelyard("queue", "list")
    assert "ships #" in listed and "the queue is paused" in listed
    assert "cancelled" in modelyard("queue", "remove", first)
    assert first in modelyard("queue", "history", "--state", "cancelled", "--most", "1", "--json")
    assert "paused · at once 3 · gpu 2" in modelyard("queue", "limit", "3", "--gpu", "2")
    refused = modelyard("queue", "limit", "9", "--gpu", "none", status=1)
    assert "max_running" in refused and "Traceback" not in refused
    assert not yard.queue.settings().max_running_by_pool
    assert modelyard("queue", "resume").startswith("starts runs · at once 3")
