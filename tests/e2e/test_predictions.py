"""The classic routes that go from an experiment to what is served, and answers below a threshold."""

from collections.abc import Iterator

import httpx
import pytest

from libs.client import Modelyard
from libs.common.contracts.deployments import ServingSettings
from libs.common.errors import Forbidden
from tests.e2e.conftest import Trained


@pytest.fixture(scope="module")
def http(stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=stack.gateway_url, headers=headers, timeout=60) as client:
        yield client


def test_the_best_run_is_told_and_deployed(http, yard: Modelyard, trained: Trained):
    yard.deployments.wait("main-path")
    experiment = trained.run.experiment_id

    told = http.get(f"/metrics/{experiment}").raise_for_status().json()
    made = http.post(f"/deploy/{experiment}", params={"deployment": "by-experiment"})
    try:
        assert made.status_code == 202, made.text
        served = yard.deployments.wait("by-experiment")
    finally:
        yard.deployments.delete("by-experiment")

    assert told["run_id"] == str(trained.run.id)
    assert served.model == yard.deployments.get("main-path").model


def test_an_experiment_without_a_run_has_nothing_to_tell_or_to_deploy(
    http, yard: Modelyard, trained: Trained
):
    split = trained.run.data.split_id
    empty = yard.experiments.create(trained.run.project_id, "never run", split, preset="fast")

    for answer in (http.get(f"/metrics/{empty.id}"), http.post(f"/deploy/{empty.id}")):
        assert (answer.status_code, answer.json()["code"]) == (409, "experiment_has_no_result")


def test_an_answer_below_the_threshold_is_403_for_one_and_listed_for_several(
    yard: Modelyard, trained: Trained
):
    first, second = (digit.png for digit in trained.held_out[:2])
    model = yard.deployments.wait("main-path").model
    yard.deployments.create("choosy", model, settings=ServingSettings(threshold=1.0))
    try:
        yard.deployments.wait("choosy")
        with pytest.raises(Forbidden) as refused:
            yard.deployments.predict("choosy", first)
        answer = yard.deployments.predict("choosy", first, second)
    finally:
        yard.deployments.delete("choosy")
    assert (refused.value.code, answer.refused) == ("prediction_refused", (0, 1))
