"""How comparisons are drawn: where points lie, how lines are smoothed, settings in words."""

import math

import pytest
from ui.comparison_charts import chart_option, points_of, smoothed
from ui.comparison_tables import MISSING, shown

from libs.common.contracts.comparisons import Curve, Setting
from libs.common.ids import new_id


def curve(*values: float, epochs: tuple[int | None, ...] = ()) -> Curve:
    count = len(values)
    return Curve(
        run_id=new_id(),
        key="val/loss",
        steps=tuple(range(0, count * 10, 10)),
        epochs=epochs or (None,) * count,
        seconds=tuple(number / 2 for number in range(count)),
        values=values,
    )


def test_points_lie_at_their_step_or_their_time():
    assert points_of(curve(1.0, 2.0), "step") == [(0, 1.0), (10, 2.0)]
    assert points_of(curve(1.0, 2.0), "time") == [(0.0, 1.0), (0.5, 2.0)]


def test_points_of_an_epoch_are_spread_over_it_and_those_of_none_are_left_out():
    assert points_of(curve(4, 3, 2, 1, epochs=(0, 0, 1, None)), "epoch") == [(0.5, 4), (1.0, 3), (2.0, 2)]


def test_what_is_no_number_is_no_point():
    assert points_of(curve(1.0, math.nan, math.inf, 2.0), "step") == [(0, 1.0), (30, 2.0)]


def test_smoothing_begins_with_the_first_value_and_follows_slowly():
    assert smoothed([(0, 5.0), (1, 5.0)], 0.9) == [(0, pytest.approx(5)), (1, pytest.approx(5))]
    (_, first), (_, second) = smoothed([(0, 0.0), (1, 1.0)], 0.5)
    assert (first, second) == (0.0, pytest.approx(2 / 3))
    assert smoothed([], 0.5) == []


def test_each_run_keeps_its_colour_in_every_chart():
    one, other = curve(1.0), curve(2.0)
    names = {one.run_id: "one", other.run_id: "other"}

    both = chart_option([one, other], names, axis="step")
    alone = chart_option([other], names, axis="step", smoothing=0.5)

    assert [each["name"] for each in both["series"]] == ["one", "other"]
    faint, line = alone["series"]
    assert line["color"] == faint["color"] == both["series"][1]["color"] != both["series"][0]["color"]
    assert "name" not in faint


def test_a_log_scale_shows_only_what_has_a_logarithm():
    found = curve(-1.0, 0.0, 1.0)

    option = chart_option([found], {found.run_id: "one"}, axis="step", is_log=True)

    assert (option["yAxis"]["type"], option["series"][0]["data"]) == ("log", [[20, 1.0]])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (Setting(is_missing=True), MISSING),
        (Setting(value=None), "null"),
        (Setting(value=""), "“”"),
        (Setting(value=True), "true"),
        (Setting(value="a*b"), r"a\*b"),
        (Setting(value=[1, 2]), r"\[1, 2\]"),
    ],
)
def test_a_setting_is_shown_as_it_is_and_missing_is_not_null(setting, words):
    assert shown(setting) == words
