"""The whole API as it describes itself, tried with what fits the description and what does not.

Nothing breaks inside, every answer is of a form that was promised, and who has no token gets nothing done.
`make test-security` tries much more of it.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from libs.client import Modelyard
from libs.common.ids import new_id
from tests.contract.test_routes import OPEN_PATHS
from tests.e2e.conftest import Trained
from tests.stack import TestStack

load_all_checks()
SCHEMA = schemathesis.openapi.from_dict(
    json.loads((Path(__file__).parents[1] / "contract/openapi.json").read_text())
)
OPERATIONS: dict[str, APIOperation] = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok() for found in SCHEMA.get_all_operations()
}
# Streams have no end; what is set for the whole house is in the way of the other tests.
STREAMS = {"GET /v1/events", "GET /v1/runs/{run_id}/stream"}
OF_THE_HOUSE = {"PUT /v1/settings", "POST /v1/channels", "POST /v1/auth/logout"}
TRIED = [name for name in OPERATIONS if name not in STREAMS | OF_THE_HOUSE]
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
NOWHERE = "http://127.0.0.1:9/"
# Addresses that the server refuses by itself, in plain text, before anything of ours hears of them.
TOO_LONG = 2**16
# One of each kind in a usual run, other ones in every run; ten in a thorough one.
bounded = settings(
    max_examples=max(1, settings().max_examples // 30),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def door(stack: TestStack) -> Iterator[Callable[..., requests.Response]]:
    """Sends a case to the gateway: `door(case, token)`."""
    with requests.Session() as session:

        def send(case: Case, token: str | None) -> requests.Response:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            stay_here(case.body)
            answer = case.call(stack.gateway_url, session, headers, timeout=30)
            assume(len(answer.request.url or "") < TOO_LONG)
            return answer

        yield send


@pytest.fixture(scope="module")
def there(yard: Modelyard, trained: Trained) -> dict[str, str]:
    """By the names that paths give them: things of one project."""
    run = trained.run
    sample = yard.samples.page(run.data.dataset_id).items[0]
    found = {
        "project_id": run.project_id,
        "dataset_id": run.data.dataset_id,
        "split_id": run.data.split_id,
        "sample_id": sample.id,
        "experiment_id": run.experiment_id,
        "run_id": run.id,
        "job_id": run.job_id,
    }
    return {name: str(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def outsiders(yard: Modelyard, stack: TestStack) -> dict[str, str]:
    """Tokens of every role that are good for another project only."""
    elsewhere = yard.projects.create(f"Elsewhere {new_id()}", "classification")
    headers = {"Authorization": f"Bearer {stack.token}"}
    tokens = {}
    for role in ("viewer", "editor", "admin"):
        wanted = {"name": f"{role} elsewhere", "role": role, "projects": [str(elsewhere.id)]}
        made = requests.post(f"{stack.gateway_url}/v1/tokens", json=wanted, headers=headers, timeout=30)
        assert made.status_code == 201, made.text
        tokens[role] = made.json()["secret"]
    return tokens


def takes_anything(operation: APIOperation) -> bool:
    own = [each for each in operation.iter_parameters() if each.name.lower() != "idempotency-key"]
    return bool(own or operation.body)


def _lead_to(there: dict[str, str], case: Case) -> None:
    case.path_parameters |= {name: there[name] for name in case.path_parameters if name in there}


def stay_here(body: Any) -> None:
    """Sources and targets by URL lead to this machine, whatever was drawn."""
    match body:
        case dict():
            for name, value in body.items():
                if name in ("url", "endpoint"):
                    body[name] = NOWHERE
                elif name == "kind" and value == "huggingface":
                    body[name] = "sample"
                else:
                    stay_here(value)
        case list():
            for value in body:
                stay_here(value)


def try_out(operation: APIOperation, mode: GenerationMode, attempt: Callable[[Case], None]) -> None:
    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempts(case: Case) -> None:
        attempt(case)

    attempts()


@pytest.mark.parametrize("name", TRIED)
def test_what_fits_breaks_nothing_and_is_answered_as_promised(door, stack, there, name):
    """What is read is there; what would be changed is not: other tests need it."""
    operation = OPERATIONS[name]

    def attempt(case: Case) -> None:
        if operation.method == "get":
            _lead_to(there, case)
        case.validate_response(door(case, stack.token), checks=CHECKS)

    try_out(operation, GenerationMode.POSITIVE, attempt)


@pytest.mark.parametrize("name", [name for name in TRIED if takes_anything(OPERATIONS[name])])
def test_what_does_not_fit_breaks_nothing_and_is_answered_as_promised(door, stack, name):
    def attempt(case: Case) -> None:
        case.validate_response(door(case, stack.token), checks=CHECKS)

    try_out(OPERATIONS[name], GenerationMode.NEGATIVE, attempt)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if OPERATIONS[name].path not in OPEN_PATHS])
def test_without_a_token_or_with_a_guess_nothing_is_told_and_nothing_done(door, there, name):
    """Guesses at both are drawn, too; with a guessed session no page but ours may change anything."""

    def attempt(case: Case) -> None:
        _lead_to(there, case)
        assert door(case, None).status_code in (401, 403), case.as_curl_command()

    try_out(OPERATIONS[name], GenerationMode.POSITIVE, attempt)


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
def test_with_a_token_for_another_project_nothing_is_told_and_nothing_done(door, there, outsiders, role):
    """Whatever is said beside it: the thing itself is not there."""

    def attempt(case: Case) -> None:
        _lead_to(there, case)
        assert 400 <= door(case, outsiders[role]).status_code < 500, case.as_curl_command()

    for name in TRIED:
        if any(f"{{{each}}}" in name for each in there):
            try_out(OPERATIONS[name], GenerationMode.POSITIVE, attempt)
