"""What the room measures of the queue, read as Prometheus reads it."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.trainer.desk import Desk
from tests.integration.trainer.hand import Hand

pytestmark = pytest.mark.usefixtures("no_worker")


def figures(desk: Desk, name: str) -> dict[tuple[str, ...], float]:
    """By the values of its labels, in the order of their names."""
    url = f"http://127.0.0.1:{desk.house.stack.stack.ports['trainer']}/metrics"
    families = text_string_to_metric_families(httpx.get(url).text)
    [found] = [family for family in families if family.name == name]
    return {tuple(value for _, value in sorted(each.labels.items())): each.value for each in found.samples}


async def test_jobs_are_counted_by_kind_pool_and_state(desk: Desk, hand: Hand) -> None:
    experiment = await desk.experiment("Counted")
    first, _ = await desk.begin(experiment), await desk.begin(experiment)
    await hand.takes(first)

    counted = figures(desk, "modelyard_queue_jobs")

    assert counted == {("run.train", "any", "queued"): 1, ("run.train", "cpu", "running"): 1}
    assert 0 < figures(desk, "modelyard_queue_oldest_seconds")["run.train", "any"] < 60
    assert figures(desk, "modelyard_workers")["run.train", "cpu"] >= 1
    assert figures(desk, "modelyard_queue_paused") == {("run.train",): 0}
    assert figures(desk, "modelyard_outbox_waiting")[()] >= 0
