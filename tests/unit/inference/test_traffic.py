"""What is counted of each version until it is stored, and what Prometheus is shown meanwhile."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from libs.common.contracts.base import now
from services.inference.metrics import MAX_VERSIONS
from services.inference.traffic import Minute, Traffic
from tests.unit.inference.making import version

START = now().replace(hour=12, minute=30, second=20, microsecond=0)


@pytest.fixture
def traffic() -> Iterator[Traffic]:
    counting = Traffic()
    yield counting
    counting.forget_all_but(set())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Its last entry is now."""
    times = [START]
    monkeypatch.setattr("services.inference.traffic.now", lambda: times[-1])
    return times


def minute(at: datetime = START, number: int = 1, model: str = "pets") -> Minute:
    return Minute("shop", model, number, at.replace(second=0))


@pytest.mark.usefixtures("clock")
def test_answers_and_errors_are_counted_by_version_and_minute(traffic: Traffic):
    traffic.answered("shop", version(1), 3, 0.004)
    traffic.answered("shop", version(1), 1, 0.004)
    traffic.failed("shop", version(2), "image_refused")
    traffic.failed("shop", None, "deployment_not_ready")

    changed = traffic.take_changed()

    assert set(changed) == {minute(), minute(number=2), minute(number=0, model="")}
    of_first = changed[minute()]
    assert (of_first.num_requests, of_first.num_images, sum(of_first.buckets)) == (2, 4, 2)
    of_second = changed[minute(number=2)]
    assert (of_second.num_requests, dict(of_second.errors), sum(of_second.buckets)) == (
        1,
        {"image_refused": 1},
        0,
    )


def test_a_minute_is_stored_whole_again_when_something_was_added_to_it(
    traffic: Traffic, clock: list[datetime]
):
    traffic.answered("shop", version(1), 1, 0.1)
    assert traffic.take_changed()[minute()].num_requests == 1
    assert traffic.take_changed() == {}
    clock.append(START + timedelta(seconds=10))

    traffic.answered("shop", version(1), 1, 0.1)

    assert traffic.take_changed()[minute()].num_requests == 2


def test_what_could_not_be_stored_is_stored_with_what_came_after_it(traffic: Traffic, clock: list[datetime]):
    traffic.answered("shop", version(1), 1, 0.1)
    lost = traffic.take_changed()
    clock.append(START + timedelta(minutes=1))
    traffic.answered("shop", version(1), 1, 0.1)

    traffic.put_back(lost)

    assert set(traffic.take_changed()) == {minute(), minute(clock[-1])}


def test_memory_is_kept_for_an_hour_only(traffic: Traffic, clock: list[datetime]):
    traffic.answered("shop", version(1), 1, 0.1)
    traffic.take_changed()
    clock.append(START + timedelta(hours=2))
    traffic.take_changed()
    clock.append(START)

    traffic.answered("shop", version(1), 1, 0.1)

    assert traffic.take_changed()[minute()].num_requests == 1


def test_nothing_of_a_deleted_deployment_is_stored_or_shown(traffic: Traffic):
    traffic.answered("shop", version(1), 1, 0.1)
    traffic.show("shop", is_ready=True, is_failed=False, canary_percent=0)
    with traffic.in_flight("shop"):
        traffic.forget_all_but({"other"})

    assert traffic.take_changed() == {}
    assert series("shop") == []


def test_of_one_deployment_only_the_last_versions_are_shown(traffic: Traffic):
    for number in range(1, MAX_VERSIONS + 3):
        traffic.answered("shop", version(number), 1, 0.1)
        traffic.failed("shop", version(number), "model_failed")
    traffic.answered("shop", version(3), 1, 0.1)
    traffic.answered("shop", version(MAX_VERSIONS + 3), 1, 0.1)

    shown = {int(labels["version"]) for labels in series("shop")}

    assert shown == {3, *range(5, MAX_VERSIONS + 4)}


def series(name: str) -> list[dict[str, str]]:
    return [
        sample.labels
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.labels.get("deployment") == name and metric.name.startswith("modelyard_")
    ]
