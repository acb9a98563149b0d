"""Knobs: one pydantic model per task gives the form, the validation, the defaults and the search space."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

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
        "Share of the last step kept in the next.",
        group="Training",
        advanced=True,
        when={"optimiser": ["sgd", "rmsprop"]},
        ge=0,
        lt=1,
    )
    schedule: Literal["none", "step", "cosine", "onecycle", "plateau"] = knob(
        "onecycle",
        "How the learning rate changes over the run: not at all, in steps, down along a cosine, up and "
        "down once, or down when the primary metric no longer improves.",
        group="Training",
    )
    warm_up_share: float = knob(
        0.2,
        "Share of the run in which the learning rate rises to its highest.",
        group="Training",
        advanced=True,
        when={"schedule": ["cosine", "onecycle"]},
        ge=0,
        le=0.9,
    )
    step_every_epochs: int = knob(
        10,
        "Epochs after which the learning rate falls, again and again.",
        group="Training",
        unit="epochs",
        when={"schedule": ["step"]},
        ge=1,
    )
    plateau_patience: int = knob(
        5,
        "Epochs without improvement of the primary metric after which the learning rate falls.",
        group="Training",
        unit="epochs",
        when={"schedule": ["plateau"]},
        ge=1,
    )
    schedule_factor: float = knob(
        0.1,
        "What the learning rate is multiplied by when it falls.",
        group="Training",
        when={"schedule": ["step", "plateau"]},
        gt=0,
        lt=1,
    )
    accumulate_batches: int = knob(
        1,
        "Batches whose gradients make one step: the effect of a batch so many times larger, in the memory "
        "of one.",
        group="Training",
        unit="batches",
        advanced=True,
        ge=1,
        le=4096,
    )
    gradient_clip: float | None = knob(
        None, "Longest gradient; None leaves it as it is.", group="Training", advanced=True, gt=0
    )
    ema_decay: float | None = knob(
        None,
        "Share that a running average of the weights keeps at each step, such as 0.999; the average is "
        "what is validated and kept as the model. None keeps the weights themselves.",
        group="Training",
        advanced=True,
        gt=0,
        lt=1,
    )
    early_stopping_patience: int | None = knob(
        None,
        "Epochs without improvement of the primary metric after which training ends; None trains to the end.",
        group="Training",
        unit="epochs",
        ge=1,
    )
    early_stopping_min_delta: float = knob(
        0.0,
        "Smallest change of the primary metric that patience takes for an improvement.",
        group="Training",
        advanced=True,
        ge=0,
    )
    checkpoint_every_epochs: int | None = knob(
        None,
        "Keep a checkpoint each so many epochs, besides the best and the last; None keeps those two.",
        group="Training",
        unit="epochs",
        advanced=True,
        ge=1,
    )
    on_bad_sample: Literal["fail", "skip"] = knob(
        "fail",
        "What to do with a sample that cannot be read: end the run with its name, or leave it out.",
        group="Data",
        advanced=True,
    )
    bad_sample_limit: float = knob(
        0.01,
        "Share of the samples that may be left out; with more, the run fails.",
        group="Data",
        advanced=True,
        when={"on_bad_sample": ["skip"]},
        ge=0,
        le=1,
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = knob(
        "auto",
        "Number format of the computation; auto is bf16 on GPUs that have it, else fp32.",
        group="Compute",
    )
    num_devices: int = knob(
        1,
        "Devices of one machine that share the work, each with batches of its own: the first is the "
        "worker's, the others follow it.",
        group="Compute",
        unit="devices",
        advanced=True,
        ge=1,
        le=64,
    )
    on_out_of_memory: Literal["fail", "shrink"] = knob(
        "fail",
        "When memory runs out: end the run with advice, or go on from its last checkpoint with half the "
        "batch and twice the accumulated batches.",
        group="Compute",
    )
    memory_format: Literal["auto", "channels_first", "channels_last"] = knob(
        "auto",
        "Order of an image's numbers in memory; channels last is faster on GPUs, and auto means it there.",
        group="Compute",
        advanced=True,
    )
    is_tf32_allowed: bool = knob(
        True,
        "Let GPUs round what fp32 multiplies to 10 bits: several times faster, seldom less accurate.",
        group="Compute",
        advanced=True,
    )
    is_compiled: bool = knob(
        False,
        "Compile the network before the first step: that takes up to minutes and makes steps faster.",
        group="Compute",
        advanced=True,
    )
    num_workers: Annotated[int, Field(ge=0, le=64)] | Literal["auto"] = knob(
        "auto",
        "Processes that decode samples where they do not fit into memory; 0 leaves it to threads beside the "
        "training, auto takes as many of either as the training needs.",
        group="Compute",
        unit="processes",
        advanced=True,
    )
    seed: int = knob(0, "Start of every random choice.", group="Compute", ge=0, le=2**31 - 1)
    is_deterministic: bool = knob(
        False, "Only computations that repeat to the last bit; slower.", group="Compute", advanced=True
    )
