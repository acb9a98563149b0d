"""One experiment on several datasets: refused where they do not go together, else trained as one."""

from pathlib import Path

import pytest

from libs.client import Modelyard
from libs.common.contracts.base import Step
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from tests.e2e.small import CONFIG, small_split


def test_a_model_learns_from_two_datasets_and_is_judged_on_both(yard: Modelyard, tmp_path: Path):
    project = yard.projects.create(f"Two {new_id()}", "classification")
    one = small_split(yard, project.id, "one", tmp_path, quiet=20, loud=120)
    other = small_split(yard, project.id, "other", tmp_path, loud=100, strong=200)

    made = yard.experiments.create(project.id, "both", [one.id, other.id], config=CONFIG | {"epochs": 1})
    run = yard.runs.wait(yard.runs.start(made.id, then=(Step.EVALUATE,)).id, timeout_seconds=240)

    assert (run.error_detail, run.state) == (None, "completed")
    assert made.dataset_names == ("one", "other")
    assert run.data.classes == ("loud", "quiet", "strong")
    evaluation = yard.evaluations.wait_for_run(run.id, timeout_seconds=120)
    assert evaluation.report is not None
    assert evaluation.report.num_samples == run.data.subset_counts["test"] == 8


def test_data_that_cannot_be_learned_from_together_are_told_by_their_place(yard: Modelyard, tmp_path: Path):
    project = yard.projects.create(f"Apart {new_id()}", "classification")
    other = yard.projects.create(f"Elsewhere {new_id()}", "classification")
    here = small_split(yard, project.id, "here", tmp_path, a=20, b=90)
    there = small_split(yard, other.id, "there", tmp_path, a=20, b=90)

    def refusal(*splits: object) -> tuple[str, str | None]:
        with pytest.raises(ModelyardError) as refused:
            yard.experiments.create(project.id, "no", list(splits), config=CONFIG)  # type: ignore[arg-type]
        assert 400 <= refused.value.status < 500
        return refused.value.code, refused.value.errors[0].field

    assert refusal(here.id, there.id) == ("splits_apart", "split_ids.1")
    assert refusal(there.id) == ("split_of_another_project", "split_ids.0")
    assert refusal(here.id, new_id()) == ("split_not_found", "split_ids.1")
    assert refusal(here.id, here.id) == ("splits_apart", "split_ids.1")
    for wrong in ([], [here.id] * 21):
        assert refusal(*wrong)[0] == "bad_input"
    assert list(yard.experiments.list(project.id)) == []
