"""Evaluations over HTTP, from the SDK and from a shell, against a whole, real stack."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from libs.client import Modelyard
from libs.common.contracts.evaluations import Evaluation, EvaluationState, EvaluationSummary
from libs.common.contracts.jobs import JobState
from libs.common.contracts.results import Agreement
from libs.common.contracts.runs import Run
from libs.common.errors import Conflict, ModelyardError, NotFound
from libs.common.ids import new_id
from tests.e2e.small import CONFIG, Small, small_split

WAIT_SECONDS = 240


@dataclass(frozen=True)
class Two:
    left: Evaluation
    right: Evaluation


@pytest.fixture(scope="module")
def two(yard: Modelyard, small: Small) -> Two:
    wish = {"subsets": ("val", "test"), "batch_size": 3, "device": "cpu"}
    begun = [yard.evaluations.create(run.id, **wish) for run in (small.run, small.other_run)]
    return Two(*(yard.evaluations.wait(each.id, timeout_seconds=WAIT_SECONDS) for each in begun))


def test_an_evaluation_says_how_good_the_checkpoint_is(yard: Modelyard, two: Two):
    left = two.left
    assert (left.state, left.batch_size, left.device) == (EvaluationState.COMPLETED, 3, "cpu")
    report = left.report
    assert report is not None and report.threshold is not None
    assert set(report.subset_metrics) == {"val", "test"}
    assert {"accuracy", "f1_weighted", "auroc", "calibration_error"} <= report.metrics.keys()
    samples = yard.evaluations.samples(left.id, limit=200).items
    assert report.num_samples == len(samples)
    assert report.metrics["accuracy"] == pytest.approx(
        sum(bool(each.correct) for each in samples) / len(samples)
    )
    assert all(each.confidence == each.prediction.score for each in samples)  # type: ignore[union-attr]


def test_its_samples_are_filtered_sorted_and_paged(yard: Modelyard, two: Two):
    every = yard.evaluations.samples(two.left.id, limit=200).items
    wanted = {"subset": "val", "label": "loud", "sort": "-confidence"}
    first = yard.evaluations.samples(two.left.id, **wanted, limit=1)
    second = yard.evaluations.samples(two.left.id, **wanted, limit=200, cursor=first.next_cursor)
    fitting = [each for each in every if each.subset == "val" and each.truth[0].label == "loud"]  # type: ignore[union-attr]
    found = [*first.items, *second.items]
    assert {each.sample_id for each in found} == {each.sample_id for each in fitting}
    assert [each.confidence for each in found] == sorted(
        (each.confidence or 0 for each in fitting), reverse=True
    )
    answered = yard.evaluations.samples(two.left.id, predicted="quiet", q="/003").items
    assert all("/003" in each.name for each in answered)


def test_two_are_compared_on_the_samples_of_both(yard: Modelyard, modelyard: Callable[..., str], two: Two):
    found = yard.evaluations.compare(two.left.id, two.right.id, limit=200)
    rights = {
        each.sample_id: each.correct for each in yard.evaluations.samples(two.right.id, limit=200).items
    }
    lefts = {each.sample_id: each.correct for each in yard.evaluations.samples(two.left.id, limit=200).items}
    assert found.num_shared == len(lefts) == len(found.pairs.items)
    assert found.counts[Agreement.ONLY_LEFT] == sum(lefts[each] and not rights[each] for each in lefts)
    assert all(
        (each.left.correct, each.right.correct) == (lefts[each.sample_id], rights[each.sample_id])
        for each in found.pairs.items
    )
    said = modelyard("evaluations", "compare", two.left.id, two.right.id, "--limit", "3")
    assert f"{found.num_shared} samples in both" in said
    assert "the next page: --cursor" in said


def test_it_is_made_shown_and_deleted_from_a_shell(
    modelyard: Callable[..., str], yard: Modelyard, small: Small, two: Two
):
    made, *said = modelyard("evaluations", "create", small.run.id, "--subset", "val").splitlines()
    assert "best threshold by f1_answered" in "\n".join(said)
    assert made in modelyard("evaluations", "list", "--run", small.run.id, "--state", "completed")
    shown = json.loads(modelyard("evaluations", "show", made, "--json"))
    assert shown["subsets"] == ["val"]
    samples = modelyard("evaluations", "samples", made, "--sort=-confidence", "--limit", "1")
    assert "--cursor" in samples
    modelyard("evaluations", "delete", made)
    assert "There is no such evaluation" in modelyard("evaluations", "show", made, status=1)
    assert yard.evaluations.get(two.left.id)


def test_one_that_waits_and_one_that_runs_are_cancelled_and_a_third_is_deleted_at_once(
    yard: Modelyard, small: Small
):
    running, waiting = (yard.evaluations.create(small.run.id) for _ in range(2))
    yard.evaluations.cancel(waiting.id)
    _until(lambda: _job(yard, running) is JobState.RUNNING)
    yard.evaluations.cancel(running.id)
    for each in (waiting, running):
        ended = yard.evaluations.wait(each.id, timeout_seconds=WAIT_SECONDS)
        assert (ended.state, ended.error_code) == (EvaluationState.CANCELLED, "cancelled")

    reset = yard.evaluations.create(small.run.id)
    _until(lambda: _job(yard, reset) is JobState.RUNNING)
    yard.evaluations.delete(reset.id)
    with pytest.raises(NotFound):
        yard.evaluations.samples(reset.id)
    _until(lambda: _job(yard, reset) is JobState.CANCELLED)


@pytest.mark.parametrize(
    ("wish", "code", "field"),
    [
        ({"checkpoint": "epoch-99"}, "checkpoint_missing", "checkpoint"),
        ({"subsets": ("holdout",)}, "subset_empty", "subsets"),
        ({"subsets": ()}, "bad_input", "subsets"),
        ({"subsets": ("No such",)}, "bad_input", "subsets.0"),
        ({"batch_size": 0}, "bad_input", "batch_size"),
        ({"device": "cuda:7"}, "device_unknown", "device"),
        ({"device": "tpu"}, "bad_input", "device"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_is_queued(
    yard: Modelyard, small: Small, wish: dict, code: str, field: str
):
    before = [each.id for each in yard.evaluations.list(small.run.id)]
    with pytest.raises(ModelyardError) as refused:
        yard.evaluations.create(small.run.id, **wish)
    assert (refused.value.status, refused.value.code) == (422, code)
    assert field in {problem.field for problem in refused.value.errors}
    assert [each.id for each in yard.evaluations.list(small.run.id)] == before


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda yard, two: yard.evaluations.create(new_id()), "run_not_found"),
        (lambda yard, two: yard.evaluations.get(new_id()), "evaluation_not_found"),
        (lambda yard, two: yard.evaluations.delete(new_id()), "evaluation_not_found"),
        (lambda yard, two: yard.evaluations.samples(new_id()), "evaluation_not_found"),
        (lambda yard, two: yard.evaluations.samples(two.left.id, sort="luck"), "bad_input"),
        (lambda yard, two: yard.evaluations.samples(two.left.id, subset="A B"), "bad_input"),
        (lambda yard, two: yard.evaluations.samples(two.left.id, q="\0"), "bad_input"),
        (lambda yard, two: yard.evaluations.samples(two.left.id, cursor="9999999"), "bad_input"),
        (lambda yard, two: yard.evaluations.samples(two.left.id, cursor="-1"), "bad_input"),
        (lambda yard, two: yard.evaluations.compare(two.left.id, two.left.id), "evaluation_same"),
        (lambda yard, two: yard.evaluations.compare(two.left.id, new_id()), "evaluation_not_found"),
        (lambda yard, two: yard.evaluations.compare(two.left.id, two.right.id, agreement="no"), "bad_input"),
        (lambda yard, two: yard.evaluations.compare(two.left.id, two.right.id, cursor="x"), "bad_input"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(
    yard: Modelyard, two: Two, ask: Callable[[Modelyard, Two], object], code: str
):
    with pytest.raises(ModelyardError) as refused:
        ask(yard, two)
    assert 400 <= refused.value.status < 500
    assert refused.value.code == code


def test_a_model_whose_data_were_deleted_is_not_evaluated_on_them(yard: Modelyard, tmp_path: Path):
    project = yard.projects.create("Gone samples", "classification")
    split = small_split(yard, project.id, "gone", tmp_path, quiet=20, loud=120)
    config = CONFIG | {"epochs": 1}
    run = yard.runs.start(yard.experiments.create(project.id, "Gone", split.id, config=config).id)
    run: Run = yard.runs.wait(run.id, timeout_seconds=WAIT_SECONDS)
    yard.datasets.delete(split.dataset_id)

    with pytest.raises(Conflict) as refused:
        yard.evaluations.create(run.id)

    assert refused.value.code == "data_gone"
    assert "version 1 of dataset gone" in refused.value.detail
    assert not list(yard.evaluations.list(run.id))


def _job(yard: Modelyard, evaluation: EvaluationSummary) -> JobState:
    return yard.evaluations.job(evaluation).state


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
