"""Splits by a field, by names, by rules and by nothing: who goes where, who is left out, what is refused."""

import time

import pytest
from pydantic import ValidationError

from libs.common.contracts.splits import FieldSplit, FileSplit, FilterSplit, NoSplit, Rule, SplitMethod
from libs.common.errors import ModelyardError
from services.datasets.splitting import deal, needs, preview
from services.datasets.splitting.names import fitting
from tests.unit.datasets.splitting.light import Light, columns, dealt


def with_field(**values: str) -> list[Light]:
    """Content by value of the field `split`."""
    return [Light(content, fields={"split": value}) for content, value in values.items()]


def refusal(samples: list[Light], method: SplitMethod) -> ModelyardError:
    with pytest.raises(ModelyardError) as refused:
        deal(columns(samples), method)
    return refused.value


def places_of(error: ModelyardError) -> list[str | None]:
    return [problem.field for problem in error.errors]


def test_all_in_one() -> None:
    subsets, found = dealt([Light("a"), Light("b")], NoSplit(subset="all"))

    assert subsets == {"a": "all", "b": "all"}
    assert (found.num_left_out, found.num_groups, found.num_kept) == (0, 0, 0)


def test_every_value_of_a_field_is_a_subset_and_who_has_none_is_left_out() -> None:
    samples = [*with_field(a="Train", b="valid", c="test", d="hold out"), Light("e"), *with_field(f="")]

    subsets, found = dealt(samples, FieldSplit(field="split"))

    assert subsets == {"a": "train", "b": "val", "c": "test", "d": "hold-out"}
    assert found.subsets == ("train", "val", "test", "hold-out")
    assert found.num_left_out == 2


def test_values_are_mapped_as_karpathy_named_them_and_others_are_left_out() -> None:
    samples = with_field(a="train", b="restval", c="val", d="test", e="other")
    method = FieldSplit(field="split", subsets={"train": "train", "restval": "train", "val": "val"})

    subsets, found = dealt(samples, method)

    assert subsets == {"a": "train", "b": "train", "c": "val"}
    assert found.num_left_out == 2


def test_the_subset_that_the_import_named_is_taken_without_a_field() -> None:
    samples = [Light("a", subset="val"), Light("b", subset="train"), Light("c")]

    subsets, found = dealt(samples, FieldSplit())

    assert subsets == {"a": "val", "b": "train"}
    assert (found.subsets, found.num_left_out) == (("train", "val"), 1)


def test_a_value_that_nobody_has_is_fine_while_another_fills_its_subset() -> None:
    method = FieldSplit(field="split", subsets={"train": "train", "restval": "train"})

    assert dealt(with_field(a="train"), method)[0] == {"a": "train"}


def test_a_mapped_subset_that_would_stay_empty_is_refused() -> None:
    method = FieldSplit(field="split", subsets={"train": "train", "vla": "val"})

    refused = refusal(with_field(a="train", b="val"), method)

    assert (refused.code, places_of(refused)) == ("subset_empty", ["method.subsets.vla"])
    assert "no sample has 'vla'; there are 'train', 'val'" in refused.detail


def test_values_that_are_no_names_of_subsets_have_to_be_mapped() -> None:
    refused = refusal(with_field(a="2019", b="été", c="train"), FieldSplit(field="split"))

    assert (refused.code, places_of(refused)) == ("subset_unnamed", ["method.subsets"])
    assert "'2019'" in refused.detail


def test_a_field_that_is_different_everywhere_is_no_split() -> None:
    samples = with_field(**{f"s{number}": f"v{number}" for number in range(500)})

    assert "500 different values" in refusal(samples, FieldSplit(field="split")).detail


def test_an_import_that_named_no_subsets_is_no_split() -> None:
    assert places_of(refusal([Light("a")], FieldSplit())) == ["method.field"]


def test_names_in_full_count_more_than_patterns() -> None:
    samples = [Light(name) for name in ("x/a.png", "x/b.png", "y/c.png", "d.png")]
    method = FileSplit(files={"train": ("x/*",), "test": ("x/b.png", "?.png")})

    subsets, found = dealt(samples, method)

    assert subsets == {"x/a.png": "train", "x/b.png": "test", "d.png": "test"}
    assert found.num_left_out == 1


def test_the_rest_of_the_names_may_have_a_subset() -> None:
    samples = [Light(name) for name in ("a", "b", "c")]

    assert dealt(samples, FileSplit(files={"test": ("a",)}, rest="train"))[0] == {
        "a": "test",
        "b": "train",
        "c": "train",
    }


def test_unknown_names_are_told_with_the_first_of_them() -> None:
    names = tuple(f"{number}.png" for number in range(30))

    refused = refusal([Light("0.png")], FileSplit(files={"train": names, "test": ("z*",)}))

    assert (refused.code, len(refused.errors)) == ("names_unknown", 11)
    assert refused.detail.startswith("no sample fits 30 of the given names: 1.png, 2.png")
    assert set(places_of(refused)) == {"method.files.train", "method.files.test"}


@pytest.mark.parametrize(
    "files",
    [{"train": ("a",), "test": ("a",)}, {"train": ("a*",), "test": ("*a",)}],
    ids=["full", "patterns"],
)
def test_a_sample_that_is_named_twice_is_refused(files: dict[str, tuple[str, ...]]) -> None:
    refused = refusal([Light("a")], FileSplit(files=files))

    assert (refused.code, places_of(refused)) == ("names_overlap", ["method.files.test"])
    assert "a is named for train and for test" in refused.detail


def test_a_rest_of_nobody_is_refused() -> None:
    refused = refusal([Light("a")], FileSplit(files={"test": ("a",)}, rest="train"))

    assert (refused.code, refused.detail) == ("subset_empty", "no sample is left for train")


def test_too_many_patterns_are_refused_before_they_are_tried() -> None:
    patterns = tuple(f"*{number}" for number in range(10_000))
    samples = [Light(str(number)) for number in range(6000)]

    refused = refusal(samples, FileSplit(files={"test": patterns}))

    assert (refused.code, places_of(refused)) == ("comparisons_too_many", ["method.files"])


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("a/*", "a/b/c.png", True),
        ("a/?.png", "a/b.png", True),
        ("a/?.png", "a/bc.png", False),
        ("a[1]*", "a[1].png", True),
        ("a[1]*", "a1.png", False),
        ("a.png", "axpng", False),
        ("*.png", "a\n.png", True),
        ("A*", "a", False),
    ],
)
def test_only_stars_and_question_marks_mean_something(pattern: str, name: str, fits: bool) -> None:
    assert bool(fitting(pattern)(name)) is fits


def test_no_pattern_takes_long() -> None:
    started = time.process_time()

    assert not fitting("*a" * 150 + "b")("a" * 5000)

    assert time.process_time() - started < 5


def test_the_first_rule_that_fits_decides() -> None:
    samples = [
        Light("a", ("cat",), width=100, height=50, fields={"camera": "2"}),
        Light("b", ("cat", "dog"), width=20, height=500, fields={"camera": "1"}),
        Light("c", ("dog",), width=64, height=64),
        Light("d"),
    ]
    rules = (
        Rule(subset="test", field="camera", value="2"),
        Rule(subset="val", label="dog", min_side=64),
        Rule(subset="test", label="cat", max_side=500, name="?"),
    )

    subsets, found = dealt(samples, FilterSplit(rules=rules))

    assert subsets == {"a": "test", "b": "test", "c": "val"}
    assert (found.subsets, found.num_left_out) == (("test", "val"), 1)
    assert dealt(samples, FilterSplit(rules=rules, rest="train"))[0]["d"] == "train"


def test_what_is_no_image_has_no_sides() -> None:
    samples = [Light("text"), Light("image", width=10, height=10)]

    assert dealt(samples, FilterSplit(rules=(Rule(subset="a", max_side=50),)))[0] == {"image": "a"}


def test_a_field_alone_asks_whether_there_is_one() -> None:
    samples = [Light("a", fields={"camera": "x"}), Light("b")]

    assert dealt(samples, FilterSplit(rules=(Rule(subset="s", field="camera"),)))[0] == {"a": "s"}


def test_a_rule_that_never_fits_says_why() -> None:
    samples = [Light("a", ("cat",))]
    nobody = FilterSplit(rules=(Rule(subset="x", label="cat"), Rule(subset="y", label="dog")))
    too_late = FilterSplit(rules=(Rule(subset="x", label="cat"), Rule(subset="y", name="a")))

    for method, reason in ((nobody, "no sample fits"), (too_late, "the rules before it take every sample")):
        refused = refusal(samples, method)
        assert (refused.code, places_of(refused)) == ("rule_never_fits", ["method.rules.1"])
        assert reason in refused.detail


@pytest.mark.parametrize(
    ("rule", "said"),
    [({}, "needs a condition"), ({"value": "2"}, "a value is one of a field"), ({"min_side": 0}, "than or")],
)
def test_a_rule_that_asks_nothing_is_none(rule: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Rule.model_validate({"subset": "test", **rule})


def test_a_method_looks_only_at_the_columns_it_needs() -> None:
    assert needs(NoSplit()).columns == frozenset()
    assert needs(FieldSplit(field="split")).fields == {"split": "method.field"}
    rules = (
        Rule(subset="a", label="x"),
        Rule(subset="b", field="f", value="1"),
        Rule(subset="c", min_side=2),
    )
    asked = needs(FilterSplit(rules=rules))
    assert (asked.columns, asked.fields) == (frozenset({"widths", "heights"}), {"f": "method.rules.1.field"})


def test_a_preview_leaves_out_who_is_in_no_subset() -> None:
    samples = columns(
        [Light("a", ("x", "y"), subset="val"), Light("b", ("x",)), Light("c", ("x",), subset="val")]
    )

    (val,) = preview(samples, deal(samples, FieldSplit()))

    assert (val.subset, val.num_samples) == ("val", 2)
    assert {each.name: each.count for each in val.classes} == {"x": 2, "y": 1}
