"""A whole stack in a backup, and from there in another home: the API answers what it answered."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.home import ROOMS
from infra.local.servers import SERVERS
from libs.client import Connection, Modelyard
from libs.common.contracts.deployments import DeploymentState
from tests.e2e.conftest import Trained
from tests.stack import TestStack

TIMEOUT_SECONDS = 120
# What depends on when and where one looks, not on what is kept.
VOLATILE = {"last_used_at", "last_seen_at", "duration_seconds", "url", "updated_at", "ready_at", "loaded_at"}


def in_a_shell(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MODELYARD_HOME": str(home)}
    command = [sys.executable, "-m", "libs.client.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def guest(yard: Modelyard, trained: Trained) -> str:
    """An account with a token, and a channel of the project."""
    user = post(yard, "/v1/users", {"name": "guest", "role": "editor"})["user"]
    member = f"/v1/projects/{trained.run.project_id}/members/{user['id']}"
    assert yard._transport.http.put(member, json={"role": "viewer"}).status_code < 300
    hook = {"kind": "webhook", "url": "https://example.com/hook"}
    post(yard, "/v1/channels", {"name": "ops", "target": hook, "project_id": str(trained.run.project_id)})
    return post(yard, "/v1/tokens", {"name": "script", "role": "viewer"})["secret"]


def post(yard: Modelyard, path: str, body: dict[str, Any]) -> Any:
    answer = yard._transport.http.post(path, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def restored(stack: TestStack, trained: Trained, guest: str, before: dict[str, Any]) -> Iterator[TestStack]:
    """Without worker and console: nothing is to be trained, nothing looked at."""
    folder = Path(tempfile.mkdtemp(prefix="modelyard-backup-"))
    home = Path(tempfile.mkdtemp(prefix="modelyard-restored-"))
    for words in (("backup", str(folder / "all")), ("backup", "verify", str(folder / "all"))):
        done = in_a_shell(stack.stack.home, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    done = in_a_shell(home, "restore", str(folder / "all"))
    assert done.returncode == 0, done.stdout + done.stderr
    # Task packages are no part of a backup: whoever restores installs them again.
    shutil.copytree(stack.stack.home / "plugins", home / "plugins")
    running = TestStack(home, {})
    try:
        running.up((*SERVERS, *ROOMS), tell=lambda _: None)
        yield running
    finally:
        running.down()
        for left in (home, folder):
            shutil.rmtree(left, ignore_errors=True)


@pytest.fixture(scope="module")
def before(yard: Modelyard, trained: Trained, guest: str) -> dict[str, Any]:
    yard.evaluations.wait_for_run(trained.run.id, timeout_seconds=TIMEOUT_SECONDS)
    yard.exports.wait_for_run(trained.run.id, timeout_seconds=TIMEOUT_SECONDS)
    yard.deployments.wait("main-path", timeout_seconds=TIMEOUT_SECONDS)
    return answers(yard, trained)


def answers(yard: Modelyard, trained: Trained) -> dict[str, Any]:
    """Of everything that the main path has left, as it is told and as bytes."""
    run, http = trained.run, yard._transport.http
    evaluation = yard.evaluations.wait_for_run(run.id, timeout_seconds=TIMEOUT_SECONDS)
    export = yard.exports.wait_for_run(run.id, timeout_seconds=TIMEOUT_SECONDS)
    dataset = f"/v1/datasets/{run.data.dataset_id}"
    (sample,) = http.get(f"{dataset}/samples", params={"limit": 1}).json()["items"]
    paths = (
        f"/v1/projects/{run.project_id}",
        dataset,
        f"{dataset}/versions",
        f"{dataset}/stats",
        f"{dataset}/report",
        f"{dataset}/samples?limit=50",
        f"/v1/splits/{run.data.split_id}",
        f"/v1/samples/{sample['id']}",
        f"/v1/samples/{sample['id']}/image",
        f"/v1/samples/{sample['id']}/thumbnail",
        f"/v1/experiments/{run.experiment_id}",
        f"/v1/runs/{run.id}",
        f"/v1/runs/{run.id}/metrics",
        f"/v1/runs/{run.id}/logs",
        f"/v1/runs/{run.id}/summary",
        f"/v1/runs/{run.id}/checkpoints",
        f"/v1/runs/{run.id}/lineage",
        f"/v1/evaluations/{evaluation.id}",
        f"/v1/evaluations/{evaluation.id}/samples?limit=50",
        f"/v1/exports/{export.id}",
        "/v1/models",
        "/v1/deployments/main-path",
        "/v1/users",
        "/v1/tokens",
        "/v1/channels",
        "/v1/settings",
        f"/v1/projects/{run.project_id}/members",
    )
    return {path: told(http.get(path)) for path in paths}


def told(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, f"{answer.request.url}: {answer.text}"
    is_json = answer.headers["content-type"].startswith("application/json")
    return lasting(answer.json()) if is_json else answer.content


def lasting(value: Any) -> Any:
    match value:
        case dict():
            return {key: lasting(each) for key, each in value.items() if key not in VOLATILE}
        case list():
            return [lasting(each) for each in value]
        case _:
            return value


def test_a_restored_stack_gives_the_same_answers_and_the_same_predictions(
    yard: Modelyard, trained: Trained, restored: TestStack, before: dict[str, Any], guest: str
) -> None:
    images = [digit.png for digit in trained.held_out[:10]]
    with Modelyard(Connection(restored.gateway_url, restored.token)) as again:
        deployment = again.deployments.wait("main-path", timeout_seconds=TIMEOUT_SECONDS)
        assert deployment.state is DeploymentState.READY
        after = answers(again, trained)
        assert [path for path in before if after[path] != before[path]] == []
        said, expected = (each.deployments.predict("main-path", *images) for each in (again, yard))
        assert said.predictions == expected.predictions
    with Modelyard(Connection(restored.gateway_url, guest)) as as_guest:
        assert as_guest.me().role == "viewer"
