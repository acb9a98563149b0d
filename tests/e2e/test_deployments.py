"""Deployments over HTTP and from a shell: on trial, run in another way, back; and what is refused."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from libs.client import Modelyard
from libs.common.contracts.deployments import DeploymentState, ServingSettings
from libs.common.ids import new_id
from tests.e2e.colours import import_colours


@pytest.fixture(scope="module")
def served(yard: Modelyard, colours: str) -> Iterator[str]:
    name = f"mixed-{new_id().hex[-8:]}"
    yard.deployments.create(name, colours, version=1)
    assert yard.deployments.wait(name).state is DeploymentState.READY
    yield name
    yard.deployments.delete(name)


@pytest.fixture(scope="module")
def door(stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=stack.gateway_url, headers=headers, timeout=30) as client:
        yield client


REFUSED: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({}, 422, "bad_input"),
    ({"percent": None}, 422, "bad_input"),
    ({"percent": 10}, 409, "no_canary"),
    ({"percent": 0}, 409, "no_canary"),
    ({"percent": 101, "version": 2}, 422, "bad_input"),
    ({"percent": -1, "version": 2}, 422, "bad_input"),
    ({"percent": "many", "version": 2}, 422, "bad_input"),
    ({"percent": 10, "version": 1}, 409, "canary_is_served"),
    ({"percent": 10, "version": 2, "settings": {}}, 422, "bad_input"),
    ({"percent": 10, "version": 99}, 404, "model_version_not_found"),
    ({"percent": 10, "alias": "nobody"}, 404, "model_version_not_found"),
    ({"version": 0}, 422, "bad_input"),
    ({"version": 2**31}, 422, "bad_input"),
    ({"model": "nobody"}, 404, "model_not_found"),
    ({"model": "no_slug"}, 422, "bad_input"),
    ({"settings": {"num_instances": 9}}, 422, "bad_input"),
    ({"settings": {"num_instances": None}}, 422, "bad_input"),
    ({"settings": {"max_batch_size": 0}}, 422, "bad_input"),
    ({"settings": {"queue_delay_microseconds": 10**30}}, 422, "bad_input"),
    ({"settings": {"threshold": 1.5}}, 422, "bad_input"),
    ({"settings": {"backend": "python"}}, 422, "bad_input"),
)


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED, ids=[str(each[0]) for each in REFUSED])
def test_a_change_that_makes_no_sense_is_refused_by_name(
    door: httpx.Client, served: str, changes: dict[str, Any], status: int, code: str
):
    before = door.get(f"/v1/deployments/{served}").json()

    answer = door.patch(f"/v1/deployments/{served}", json=changes)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert door.get(f"/v1/deployments/{served}").json() == before


def test_what_another_project_has_is_not_served_here(
    door: httpx.Client, served: str, yard: Modelyard, tmp_path: Path
):
    foreign = import_colours(yard, tmp_path)
    for changes in ({"model": foreign}, {"model": foreign, "percent": 10}):
        answer = door.patch(f"/v1/deployments/{served}", json=changes)
        assert (answer.status_code, answer.json()["code"]) == (409, "deployment_name_taken")
    new = door.post("/v1/deployments", json={"name": served, "model": foreign})
    assert (new.status_code, new.json()["code"]) == (409, "deployment_name_taken")


@pytest.mark.parametrize(
    ("method", "place", "status"),
    [
        ("GET", "/v1/deployments/nobody/revisions", 404),
        ("GET", "/v1/deployments/nobody/traffic", 404),
        ("PATCH", "/v1/deployments/nobody", 404),
        ("POST", "/v1/deployments/nobody/rollback", 404),
        ("DELETE", "/v1/deployments/nobody", 404),
        ("GET", "/v1/deployments/{served}/traffic?minutes=0", 422),
        ("GET", "/v1/deployments/{served}/traffic?minutes=1441", 422),
        ("GET", "/v1/deployments/{served}/revisions?cursor=x", 422),
        ("GET", "/v1/deployments/{served}/revisions?cursor=99999999999999999999", 422),
        ("GET", "/v1/deployments?model=no_slug", 422),
        # The name of Triton's model for a trial is nobody's own.
        ("GET", "/v1/deployments/{served}_canary", 422),
        ("POST", "/v1/deployments/{served}/rollback", 409),
    ],
)
def test_a_wrong_address_is_refused(door: httpx.Client, served: str, method: str, place: str, status: int):
    body = {"percent": 0} if method == "PATCH" else None

    answer = door.request(method, place.format(served=served), json=body)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_trial_from_a_shell_to_its_promotion_and_back(modelyard, yard: Modelyard, colours: str):
    name = f"shell-{new_id().hex[-8:]}"
    assert f"serves {colours} v1" in modelyard("deployments", "create", name, colours, "--version", 1)
    assert f"{colours} v2: 25 %" in modelyard("deployments", "canary", name, 25, "--version", 2)
    assert f"{colours} v2: 25 %" in modelyard("deployments", "list", "--model", colours)
    told = modelyard("deployments", "settings", name, "--threshold", 0.25)
    assert "0.25" in told and "default" in told
    assert yard.deployments.get(name).settings == ServingSettings(threshold=0.25)
    assert f"serves {colours} v2" in modelyard("deployments", "promote", name)
    assert yard.deployments.predict(name, picture()).version == 2
    assert f"serves {colours} v1" in modelyard("deployments", "rollback", name)
    revisions = modelyard("deployments", "revisions", name)
    assert revisions.count("trial") == 2 and revisions.count("rollback") == 1
    assert "requests" in modelyard("deployments", "traffic", name)
    modelyard("deployments", "delete", name, "--yes")
    assert name not in {each.name for each in yard.deployments.list(model=colours)}


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, "PNG")
    return buffer.getvalue()
