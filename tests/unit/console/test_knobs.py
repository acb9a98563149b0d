"""A task's JSON Schema becomes knobs, whatever shapes pydantic writes."""

from typing import Any, Literal

import pytest
from pydantic import Field
from ui.knobs import Knob, differences, knobs_of, said

from libs.tasks.config import Knobs, knob
from libs.tasks.registry import tasks


class Inner(Knobs):
    flip: bool = knob(False, "Mirror.", group="Augmentation")
    degrees: float = knob(10.0, "Turn.", group="Augmentation", unit="°", ge=0, le=180)


class Config(Knobs):
    epochs: int = knob(20, "How often.", group="Training", ge=1, le=100)
    rate: float = knob(1e-3, "Step.", group="Training", gt=0)
    clip: float | None = knob(None, "Longest.", group="Training", advanced=True, gt=0)
    num_workers: int | Literal["auto"] = knob("auto", "Processes.", group="Compute")
    schedule: Literal["none", "step"] = knob("none", "Rate over time.", group="Training")
    step_every: int = knob(10, "Epochs.", group="Training", when={"schedule": ["step"]})
    network: str = Field("small", description="Which.", examples=["small", "large"])
    sizes: tuple[int, ...] = knob((1, 2), "Sizes.", group="Model")
    inner: Inner = knob(Inner(), "Changes.", group="Augmentation")


KNOBS = {knob.name: knob for knob in knobs_of(Config.model_json_schema())}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("epochs", "integer"),
        ("rate", "number"),
        ("clip", "number"),
        ("num_workers", "integer"),
        ("schedule", "choice"),
        ("network", "text"),
        ("sizes", "json"),
        ("inner.flip", "switch"),
        ("inner.degrees", "number"),
    ],
)
def test_every_shape_has_its_field(name: str, kind: str):
    assert KNOBS[name].kind == kind


def test_what_an_empty_field_stands_for_is_known():
    assert (KNOBS["clip"].has_nothing, KNOBS["clip"].nothing) == (True, None)
    assert (KNOBS["num_workers"].has_nothing, KNOBS["num_workers"].nothing) == (True, "auto")
    assert not KNOBS["epochs"].has_nothing


def test_limits_units_and_suggestions_come_along():
    assert (KNOBS["epochs"].minimum, KNOBS["epochs"].maximum) == (1, 100)
    assert KNOBS["inner.degrees"].unit == "°"
    assert KNOBS["network"].suggestions == ("small", "large")
    assert KNOBS["num_workers"].title == "Number of workers"


def test_a_knob_matters_only_for_the_values_it_names():
    def values(schedule: str) -> dict[tuple[str, ...], Any]:
        return {("schedule",): schedule}

    assert KNOBS["step_every"].matters(values("step"))
    assert not KNOBS["step_every"].matters(values("none"))
    assert KNOBS["epochs"].matters(values("none"))


def test_only_what_differs_from_preset_and_defaults_is_sent():
    base = {"epochs": 5, "inner": {"flip": True}}
    values = {each.path: said(base, each) for each in KNOBS.values()}
    assert differences(tuple(KNOBS.values()), values, base) == {}
    values[("epochs",)], values[("inner", "degrees")] = 20, 3.0
    assert differences(tuple(KNOBS.values()), values, base) == {"epochs": 20, "inner": {"degrees": 3.0}}


@pytest.mark.parametrize("task", sorted(tasks()))
def test_what_the_form_of_a_task_says_is_a_config_of_it(task: str):
    """Each default is what the field would send, so an untouched form is the defaults themselves."""
    manifest = tasks()[task]
    knobs: tuple[Knob, ...] = knobs_of(manifest.config_model.model_json_schema())
    assert knobs and all(each.kind != "json" for each in knobs)
    for preset in ({}, *(each.config for each in manifest.presets)):
        whole: dict[str, Any] = {}
        for each in knobs:
            place = whole
            for part in each.path[:-1]:
                place = place.setdefault(part, {})
            place[each.path[-1]] = said(preset, each)
        expected = manifest.config_model.model_validate(preset)
        assert manifest.config_model.model_validate(whole) == expected
