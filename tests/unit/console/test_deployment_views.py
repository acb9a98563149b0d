"""What the console makes of deployments: figures in words, charts, the way back, code to copy."""

from datetime import UTC, datetime, timedelta

import pytest
from ui.deployment_history import changed, way_back
from ui.deployment_rows import last_hour
from ui.deployment_traffic import latency_option, requests_option, role_of

from libs.common.contracts.base import now
from libs.common.contracts.deployments import (
    Canary,
    Deployment,
    DeploymentState,
    DeploymentTraffic,
    Revision,
    ServingSettings,
    TrafficMinute,
    VersionTraffic,
)
from libs.common.ids import new_id

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
READY = DeploymentState.READY


def deployment(**given) -> Deployment:
    known = {
        "name": "meter",
        "project_id": new_id(),
        "task": "classification",
        "model": "digits",
        "desired_version": 2,
        "serving_version": 2,
        "state": READY,
        "classes": ("0", "1"),
        "created_at": now(),
        "updated_at": now(),
    }
    return Deployment.model_validate({**known, **given})


def version_traffic(version: int, num_requests: int = 0, num_errors: int = 0, p95_ms: float | None = None):
    return VersionTraffic(
        model="digits",
        version=version,
        num_requests=num_requests,
        num_images=num_requests,
        num_errors=num_errors,
        p50_ms=p95_ms,
        p95_ms=p95_ms,
        p99_ms=p95_ms,
    )


def minute(at: int, version: int = 1, num_requests: int = 1, num_errors: int = 0) -> TrafficMinute:
    return TrafficMinute(
        at=NOON + timedelta(minutes=at),
        model="digits",
        version=version,
        num_requests=num_requests,
        num_errors=num_errors,
        p50_ms=2.0,
        p95_ms=4.0,
    )


def traffic(*series: TrafficMinute, versions: tuple[VersionTraffic, ...] = ()) -> DeploymentTraffic:
    return DeploymentTraffic(name="meter", minutes=60, versions=versions, series=series)


def revisions(*told: tuple[int, str]) -> list[Revision]:
    """Oldest first, as (version, letters): r a rollback, c a trial, f never answered. Given newest first."""
    made = [
        Revision(
            revision=place,
            model="digits",
            version=version,
            is_rollback="r" in letters,
            is_canary="c" in letters,
            created_at=NOON,
            served_at=None if "f" in letters else NOON,
        )
        for place, (version, letters) in enumerate(told, start=1)
    ]
    return made[::-1]


def test_the_last_hour_is_told_over_all_versions():
    found = traffic(versions=(version_traffic(1, 900, 3, 12.4), version_traffic(2, 334, 0, 20.6)))
    assert last_hour(found) == "1,234 requests in the last hour · :red[3 errors] · p95 21 ms"
    assert last_hour(traffic()) == "not asked within the last hour"


@pytest.mark.parametrize(
    ("told", "leads_to"),
    [
        ([(1, "")], None),
        ([(1, ""), (2, "")], 1),
        ([(1, ""), (2, "f"), (3, "")], 1),
        ([(1, ""), (2, ""), (2, "c"), (3, "c")], 1),
        ([(1, ""), (2, ""), (3, ""), (2, "r")], 1),
        ([(1, ""), (2, ""), (1, "r")], None),
        ([], None),
    ],
    ids=[
        "the-first",
        "the-one-before",
        "not-what-failed",
        "not-a-trial",
        "back-twice",
        "at-the-end",
        "unknown",
    ],
)
def test_the_way_back_leads_to_what_served_before(told, leads_to):
    found = way_back(revisions(*told))
    assert (found.version if found else None) == leads_to


def test_a_minute_without_requests_breaks_the_line():
    option = latency_option(traffic(minute(0), minute(1), minute(4)), NOON + timedelta(minutes=5))
    p95, p50 = option["series"]
    assert [value for _, value in p95["data"]] == [4.0, 4.0, None, 4.0]
    assert [value for _, value in p50["data"]] == [2.0, 2.0, None, 2.0]


def test_errors_of_all_versions_are_stacked_on_what_was_answered():
    told = traffic(minute(0, 1, 5, 1), minute(0, 2, 7, 2), minute(1, 2, 3, 0))
    first, second, errors = requests_option(told, NOON + timedelta(minutes=5))["series"]
    assert [value for _, value in first["data"]] == [4, 0]
    assert [value for _, value in second["data"]] == [5, 3]
    assert [value for _, value in errors["data"]] == [3, 0]
    assert {each["stack"] for each in (first, second, errors)} == {"requests"}


def test_each_version_is_told_by_what_it_does():
    canary = Canary(model="digits", version=3, percent=10, state=READY)
    roles = [role_of(version_traffic(each), deployment(canary=canary)) for each in (1, 2, 3)]
    assert roles == ["earlier", "serving", "on trial"]


def test_of_settings_only_what_differs_is_told():
    before, after = ServingSettings(threshold=0.5), ServingSettings(num_instances=2)
    assert changed(before, after) == "num instances 2, threshold default"


def test_what_answers_until_another_model_is_loaded_is_told_by_its_own_name():
    changing = deployment(model="letters", desired_version=1, serving_model="digits", serving_version=2)
    assert role_of(version_traffic(2), changing) == "serving"
    assert changing.in_use == {("letters", 1), ("digits", 2)}
    canary = Canary(model="digits", version=3, percent=10, state=READY)
    assert deployment(serving_version=None, canary=canary).in_use == {("digits", 2), ("digits", 3)}
