"""Whole lives: what one answer names the next request asks about, until it is deleted and beyond.

Links between operations are those that Schemathesis infers from the API's description. Before each request is
sent, one without a token and one from another project try the same. Takes minutes, and a stack of its own
that it makes a mess of: `make test-security` calls it by its name.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from infra.local.home import ROOMS
from infra.local.servers import SERVERS
from libs.client import Connection, Modelyard
from libs.client.digits import write_digits
from libs.common.contracts.access import Role
from libs.common.ids import new_id
from services.gateway.things import MADE, in_path
from tests.contract.test_routes import OPEN_PATHS
from tests.e2e.test_openapi import STREAMS, stay_here
from tests.stack import TestStack, running_stack

load_all_checks()
DESCRIPTION = json.loads((Path(__file__).parents[1] / "contract/openapi.json").read_text())
# What lives together, by paths.
LIVES = {
    "accounts": r"^/v1/(users|tokens|auth/sessions|audit)",
    "projects": r"^/v1/projects(/\{project_id\}(/members.*)?)?$",
    "channels": r"^/v1/(channels|deliveries)",
    "uploads": r"^/v1/(uploads|datasets/detect)",
    "datasets": r"^/v1/(projects/\{project_id\}/datasets|datasets|samples|splits)",
    "experiments": r"^/v1/(projects/\{project_id\}/experiments|experiments|runs|queue|jobs)",
    "models": r"^/v1/(models|exports|evaluations|deployments)",
}
LEFT_OUT = {name.partition(" ")[2] for name in STREAMS} | OPEN_PATHS
# Who ends all of a list finds the list again, and empty.
LISTS = [path for path, own in DESCRIPTION["paths"].items() if "delete" in own and not path.endswith("}")]
CHECKS = [
    not_a_server_error,
    checks.use_after_free,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
STEPS = 10
AT_ONCE = 3
ROUNDS = max(1, settings().max_examples // 30)
tried = settings(
    max_examples=AT_ONCE,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class World:
    """`kept` may not be asked for by its name: who deletes it has locked himself out."""

    url: str
    token: str
    stranger: str
    kept: dict[str, str]
    session: requests.Session

    answers: Counter[str] = field(default_factory=Counter)

    def send(self, case: Case, token: str | None) -> Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return case.call(self.url, self.session, headers, timeout=30)


@pytest.fixture(scope="module")
def stack() -> Iterator[TestStack]:
    inside = {"notifier": {"MODELYARD_CHANNEL_HOSTS": '["127.0.0.1"]'}}
    with running_stack((*SERVERS, *ROOMS), inside) as running:
        yield running


@pytest.fixture(scope="module")
def world(stack: TestStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """With a dataset, a split and an experiment to begin with; nothing is trained."""
    with Modelyard(Connection(stack.gateway_url, stack.token)) as yard, requests.Session() as session:
        project = yard.projects.create("Whole lives", "classification")
        digits = tmp_path_factory.mktemp("digits") / "digits.zip"
        write_digits(digits)
        dataset = yard.datasets.create(project.id, "digits", yard.uploads.send(digits).id)
        yard.datasets.wait(dataset.id, timeout_seconds=300)
        split = yard.splits.create(dataset.id)
        yard.experiments.create(project.id, "first", split.id, preset="fast")
        elsewhere = yard.projects.create("Elsewhere", "classification")
        me = yard.me()
        stranger = yard.tokens.create("stranger", Role.EDITOR, projects=[elsewhere.id]).secret
        kept = {"user_id": str(me.user_id), "token_id": str(me.token_id)}
        yield World(stack.gateway_url, stack.token, stranger, kept, session)


def machine_of(paths: str, world: World) -> Any:
    schema = schemathesis.openapi.from_dict(DESCRIPTION)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE])
    tried_out = schema.include(path_regex=paths).exclude(path=sorted(LEFT_OUT))
    machine: Any = tried_out.exclude(path=LISTS, method="DELETE").as_state_machine()

    class Life(machine):
        def before_call(self, case: Case) -> None:
            stay_here(case.body)
            for name, key in world.kept.items():
                if case.path_parameters.get(name) == key:
                    case.path_parameters[name] = str(new_id())
            assert world.send(case, None).status_code in (401, 403), case.as_curl_command()
            if _names_a_thing(case):
                assert 400 <= world.send(case, world.stranger).status_code < 500, case.as_curl_command()

        def call(self, case: Case, **_: object) -> Response:
            response = world.send(case, world.token)
            world.answers[f"{case.method} {response.status_code // 100}xx"] += 1
            return response

        def validate_response(self, response: Response, case: Case, *_: object, **__: object) -> None:
            case.validate_response(response, checks=CHECKS, recorder=self.recorder)

    return Life


def _names_a_thing(case: Case) -> bool:
    things = [in_path(case.operation.path, name) for name in case.path_parameters]
    return any(thing is not None and thing not in MADE for thing in things)


@pytest.mark.parametrize("paths", LIVES.values(), ids=LIVES)
def test_nothing_breaks_lives_on_when_it_was_deleted_or_is_told_to_others(world: World, paths: str):
    for _ in range(ROUNDS):
        # What is sent again meets what the first has left: Hypothesis, which replays, gives up, and we go on.
        with suppress(FlakyStrategyDefinition):
            machine_of(paths, world).run(settings=tried)


def test_some_of_them_were_lived_to_the_end(world: World):
    """Else the tests above have tried nothing."""
    assert {"POST 2xx", "GET 2xx", "PATCH 2xx", "DELETE 2xx", "GET 4xx"} <= world.answers.keys()
