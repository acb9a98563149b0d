"""Knobs: one pydantic model per task gives the form, the validation, the defaults and the search space."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def knob(
    default: Any,
    description: str,
    *,
    group: str,
    unit: str = "",
    advanced: bool = False,
    search: dict[str, Any] | None = None,
    when: Mapping[str, Sequence[Any]] | None = None,
    **constraints: Any,
) -> Any:
    """A field that a form can draw: description as tooltip, unit, group, and a range worth searching.

    `when` names other knobs and the values for which this one matters: `{"schedule": ["step"]}`. A form
    shows it only then; it stays valid, and without effect, otherwise.
    """
    extra: dict[str, Any] = {"group": group, "unit": unit, "advanced": advanced}
    if when is not None:
        extra["when"] = {name: list(values) for name, values in when.items()}
    if search is not None:
        extra["search"] = search
    return Field(default=default, description=description, json_schema_extra=extra, **constraints)


class Knobs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainingConfig(Knobs):
    """What every task that learns by gradient descent lets people choose."""

    epochs: int = knob(
        20, "How often training goes through all training samples.", group="Training", ge=1, le=10_000
    )
    batch_size: int = knob(
        64, "Samples per step; larger needs more memory.", group="Training", unit="samples", ge=1, le=4096
    )
    learning_rate: float = knob(
        1e-3,
        "Size of a step; the highest one a schedule reaches.",
        group="Training",
        gt=0,
        le=10,
        search={"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
    )
    optimiser: Literal["adamw", "adam", "sgd", "rmsprop"] = knob(
        "adamw",
        "How gradients become steps.",
        group="Training",
        search={"type": "choice", "choices": ["adamw", "sgd"]},
    )
    weight_decay: float = knob(
        1e-2,
        "Pull of the weights towards zero, against overfitting.",
        group="Training",
        ge=0,
        le=1,
        search={"type": "float", "low": 1e-6, "high": 1e-1, "log": True},
    )
    momentum: float = knob(
        0.9,
        "Share of the last step kept in the next (SGD, RMSprop).",
        group="Training",
        advanced=True,
        ge=0,
        lt=1,
    )
    schedule: Literal["none", "cosine", "onecycle", "step"] = knob(
        "onecycle", "How the learning rate changes over the run.", group="Training"
    )
    gradient_clip: float | None = knob(
        None, "Longest gradient; None leaves it as it is.", group="Training", advanced=True, gt=0
    )
    early_stopping_patience: int | None = knob(
        None,
        "Epochs without improvement of the primary metric after which training ends; None trains to the end.",
        group="Training",
        unit="epochs",
        ge=1,
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = knob(
        "auto",
        "Number format of the computation; auto is bf16 on GPUs that have it, else fp32.",
        group="Compute",
    )
    num_workers: int | Literal["auto"] = knob(
        "auto", "Processes that read and decode samples; auto measures.", group="Compute", advanced=True
    )
    seed: int = knob(0, "Start of every random choice.", group="Compute", ge=0, le=2**31 - 1)
    is_deterministic: bool = knob(
        False, "Only computations that repeat to the last bit; slower.", group="Compute", advanced=True
    )


class Augmentation(Knobs):
    """Random changes of training images; each sample gets its own."""

    flip: bool = knob(False, "Mirror left and right, half of the time.", group="Augmentation")
    rotate_degrees: float = knob(
        10.0, "Rotate by up to so much.", group="Augmentation", unit="°", ge=0, le=180
    )
    shift: float = knob(0.1, "Shift by up to this share of the side.", group="Augmentation", ge=0, le=0.5)
    zoom: float = knob(0.1, "Zoom in or out by up to this share.", group="Augmentation", ge=0, le=0.5)
    brightness: float = knob(0.0, "Change brightness by up to this share.", group="Augmentation", ge=0, le=1)
    contrast: float = knob(0.0, "Change contrast by up to this share.", group="Augmentation", ge=0, le=1)

    @property
    def changes_geometry(self) -> bool:
        return bool(self.flip or self.rotate_degrees or self.shift or self.zoom)
