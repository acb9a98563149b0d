"""What runs differ in, and which of them is best."""

import math
from typing import Any

import pytest

from libs.common.contracts.comparisons import Setting
from libs.common.contracts.measurements import MetricSummary
from services.trainer.comparing import Direction, differences, metric_row
from services.trainer.service.best import direction_of


def told(*documents: dict[str, Any]) -> dict[str, list[Any]]:
    """Per place the values, `...` where there is none."""
    found, _ = differences(documents)
    return {
        each.path: [... if setting.is_missing else setting.value for setting in each.settings]
        for each in found
    }


def test_only_differences_are_told_place_by_place():
    one = {"epochs": 3, "optimiser": {"name": "sgd", "lr": 0.1}, "seed": 0}
    other = {"epochs": 3, "optimiser": {"name": "adam", "lr": 0.1}, "seed": 1}

    assert told(one, other) == {"optimiser.name": ["sgd", "adam"], "seed": [0, 1]}
    assert differences([one, other])[1] == 2


def test_what_is_missing_is_told_apart_from_null():
    assert told({"a": None, "b": 1}, {"b": 1}, {"a": None, "b": 1}) == {"a": [None, ..., None]}
    assert told({"a": None}, {"a": 0}) == {"a": [None, 0]}
    found, _ = differences([{"a": None}, {}])
    assert found[0].settings == (Setting(), Setting(is_missing=True))


def test_a_setting_that_became_a_group_is_told_at_both_places():
    assert told({"ema": None}, {"ema": {"decay": 0.9}}) == {"ema": [None, ...], "ema.decay": [..., 0.9]}


def test_a_list_of_plain_values_is_one_setting_and_a_list_of_groups_is_many():
    assert told({"size": [32, 32]}, {"size": [32, 64]}) == {"size": [[32, 32], [32, 64]]}
    steps = {"steps": [{"name": "flip"}, {"name": "crop", "by": 2}]}
    assert told(steps, {"steps": [{"name": "flip"}]}) == {
        "steps.1.name": ["crop", ...],
        "steps.1.by": [2, ...],
    }


def test_empty_groups_and_lists_are_settings_of_their_own():
    assert told({"a": {}}, {"a": {"b": 1}}) == {"a": [{}, ...], "a.b": [..., 1]}
    assert told({"a": []}, {"a": []}) == {}


def test_true_is_not_one_but_one_is_one():
    assert told({"a": True}, {"a": 1}) == {"a": [True, 1]}
    assert told({"a": 1.0}, {"a": 1}) == {}


def test_runs_that_are_alike_differ_in_nothing():
    assert differences([{"a": {"b": 1}}] * 3) == ((), 1)
    assert differences([{}, {}]) == ((), 0)


def reached(*values: float | None, direction: Direction = "max") -> tuple[int, ...]:
    summaries = [
        None if each is None else MetricSummary(key="k", last=each, best=each, best_step=1, last_step=2)
        for each in values
    ]
    row = metric_row("k", summaries, direction, is_primary=False)
    assert row.best_last == row.best_best
    assert [each is None for each in row.reached] == [each is None for each in values]
    return row.best_best


@pytest.mark.parametrize(
    ("values", "direction", "best"),
    [
        ((0.5, 0.9, 0.7), "max", (1,)),
        ((0.5, 0.9, 0.7), "min", (0,)),
        ((0.9, 0.5, 0.9), "max", (0, 2)),
        ((None, 0.5, 0.9), "max", (2,)),
        ((math.nan, 0.5, 0.9), "min", (1,)),
        ((0.5, math.inf), "min", (0,)),
        # Nobody to be better than.
        ((None, 0.5), "max", ()),
        ((math.nan, 0.5), "max", ()),
        ((None, None), "max", ()),
        ((0.1, 0.2), None, ()),
    ],
)
def test_the_best_are_marked_and_ties_are_marked_together(values, direction, best):
    assert reached(*values, direction=direction) == best


def test_metrics_of_any_name_have_a_direction_but_what_training_tells_of_itself_has_none():
    keys = ("train/accuracy", "val/loss", "train/my_loss", "test/kappa", "lr", "train/lr", "loss")

    found = [direction_of("classification", key) for key in keys]

    assert found == ["max", "min", "min", "max", None, None, "min"]


def test_a_run_that_has_nothing_yet_is_no_difference():
    told = {"device": "local/cpu", "torch": "2.14"}

    assert differences([told, {}, told], is_empty_unknown=True) == ((), 2)
    (found,), _ = differences([told, {}, {**told, "torch": "2.15"}], is_empty_unknown=True)
    assert [each.is_missing for each in found.settings] == [False, True, False]
