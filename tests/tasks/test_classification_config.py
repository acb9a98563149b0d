"""What a configuration of image classification may say, and what is refused in words before anything runs."""

from dataclasses import replace
from typing import Any

import pytest

from libs.tasks import registry
from libs.tasks.manifest import ConfigIsInvalid, DataFacts

MANIFEST = registry.task("classification")
COUNTS = {"train": 80, "val": 10, "test": 10}
ONE_EACH = DataFacts(("cat", "dog"), COUNTS, "image", ("label",))
SEVERAL = DataFacts(("cat", "dog"), COUNTS, "image", ("labels",))


UNTRAINED = ("dog", *(f"breed {number}" for number in range(20)))


def problem_of(config: dict[str, Any], facts: DataFacts = ONE_EACH) -> tuple[str | None, str]:
    with pytest.raises(ConfigIsInvalid) as caught:
        MANIFEST.validate_config(None, config, facts)
    return caught.value.errors[0].field, caught.value.errors[0].message


def validated(config: dict[str, Any], facts: DataFacts = ONE_EACH) -> Any:
    return MANIFEST.validate_config(None, config, facts)


@pytest.mark.parametrize(
    ("architecture", "near"),
    [
        ("resnet19", "resnet18"),
        ("torchvision/convnext_tinny", "torchvision/convnext_tiny"),
        ("timm/resnet51", "timm/resnet50"),
        ("timm/resnet18.a9_in1k", "timm/resnet18.a1_in1k"),
        ("efficientnet", "efficientnet_b0"),
    ],
)
def test_an_unknown_network_is_refused_and_near_ones_are_named(architecture: str, near: str):
    field, message = problem_of({"architecture": architecture})
    assert field == "config.architecture"
    assert near in message


@pytest.mark.parametrize("architecture", ["", "x" * 200, "../../etc/passwd", "torchvision/", "/", "timm/a b"])
def test_what_is_no_name_is_refused(architecture: str):
    assert problem_of({"architecture": architecture})[0] == "config.architecture"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"image_size": 7}, "greater than or equal to 8"),
        ({"image_size": 15}, "resnet18 needs at least 16 pixels"),
        ({"architecture": "torchvision/vgg11", "image_size": 31}, "at least 32"),
        ({"architecture": "torchvision/vit_b_16", "image_size": 225}, "multiples of 16"),
        ({"architecture": "torchvision/inception_v3", "image_size": 64}, "at least 75"),
    ],
)
def test_a_network_that_leaves_nothing_of_an_image_is_refused(config: dict[str, Any], words: str):
    field, message = problem_of(config)
    assert field == "config.image_size"
    assert words in message


def test_a_single_small_image_per_step_is_refused():
    assert problem_of({"batch_size": 1, "image_size": 24})[0] == "config.batch_size"
    assert validated({"batch_size": 1})


def test_one_class_is_nothing_to_tell_apart_unless_it_may_be_absent():
    assert problem_of({}, DataFacts(("cat",), COUNTS))[0] == "data.classes"
    assert validated({"mode": "multi"}, DataFacts(("cat",), COUNTS))
    assert problem_of({"mode": "multi"}, DataFacts((), COUNTS))[0] == "data.classes"


def test_ten_thousand_classes_are_welcome():
    classes = tuple(f"class {number}" for number in range(10_000))
    assert validated({}, DataFacts(classes, COUNTS, "image", ("label",)))


def test_an_empty_subset_is_refused():
    assert problem_of({}, DataFacts(("a", "b"), {"train": 5, "test": 5}))[0] == "data.subsets.val"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0, -1])
def test_a_learning_rate_that_is_no_rate_is_refused(value: float):
    assert problem_of({"learning_rate": value})[0] == "config.learning_rate"


def test_the_mode_is_what_the_annotations_say():
    assert validated({}, ONE_EACH).mode == "single"
    assert validated({}, SEVERAL).mode == "multi"
    assert validated({}, DataFacts(("a", "b"), COUNTS)).mode == "single"
    assert validated({"mode": "multi"}, ONE_EACH).mode == "multi"


def test_one_class_per_image_cannot_be_learned_from_several():
    field, message = problem_of({"mode": "single"}, SEVERAL)
    assert field == "config.mode"
    assert "several classes per image" in message


def test_cross_entropy_does_not_fit_several_classes():
    assert problem_of({"loss": "cross_entropy"}, SEVERAL)[0] == "config.loss"


def test_a_network_without_weights_can_only_start_from_scratch():
    field, message = problem_of({"architecture": "simple_cnn", "transfer": "frozen"})
    assert field == "config.transfer"
    assert "choose scratch" in message


def test_a_missing_package_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("libs.tasks.backbones.catalogue.find_spec", lambda _: None)
    field, message = problem_of({"architecture": "timm/resnet18"})
    assert field == "config.architecture"
    assert "install modelyard[timm]" in message


@pytest.mark.parametrize(
    ("old", "transfer"),
    [
        ({"is_pretrained": True, "architecture": "resnet18"}, "full"),
        ({"is_pretrained": True}, "full"),
        ({"is_pretrained": True, "architecture": "simple_cnn"}, "scratch"),
        ({"is_pretrained": False}, "scratch"),
        ({"is_pretrained": False, "transfer": "frozen"}, "frozen"),
    ],
)
def test_a_config_of_old_means_what_it_meant(old: dict[str, Any], transfer: str):
    config = validated(old)
    assert config.transfer == transfer
    assert "is_pretrained" not in config.model_dump()
    assert validated(config.model_dump(mode="json")) == config


def test_every_preset_fits_both_kinds_of_data():
    for preset in MANIFEST.presets:
        for facts in (ONE_EACH, SEVERAL):
            assert MANIFEST.validate_config(preset.id, {}, facts)
        assert preset.description


def test_there_is_one_primary_metric_in_each_mode():
    assert [MANIFEST.primary_of({"mode": mode}).key for mode in ("single", "multi")] == ["accuracy", "map"]
    for mode in ("single", "multi"):
        metrics = MANIFEST.metrics_of({"mode": mode})
        assert [metric.is_primary for metric in metrics].count(True) == 1


def test_knobs_that_depend_on_others_say_so():
    knobs = MANIFEST.describe().config_schema["properties"]
    assert knobs["unfrozen_stages"]["when"] == {"transfer": ["partial"]}
    assert knobs["focal_gamma"]["when"] == {"loss": ["focal"]}
    assert knobs["architecture"]["examples"] == [each.id for each in MANIFEST.architectures]


def test_a_class_that_nothing_is_learnt_of_is_named_and_of_many_the_first():
    facts = replace(ONE_EACH, classes=("cat", *UNTRAINED), untrained=UNTRAINED[:1])
    assert problem_of({}, facts) == ("data.classes", "train has no sample of dog")

    _, message = problem_of({}, replace(facts, untrained=UNTRAINED))
    assert message.startswith("train has no sample of dog, breed 0, ")
    assert message.endswith(", breed 8 and 11 more classes")
