"""The tasks of an installation as the API tells them: enough to draw a form and a result page."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from libs.common.contracts.base import View


class MetricSpec(View):
    """`key` as in reports; points of a run carry it as `val/<key>`. `unit` is empty for shares of 1.

    `when` names knobs and the values for which there is this metric; of those that there are, one is primary.
    What is `is_evaluation_only` no training tells; an evaluation does where its samples allow it.
    """

    key: str
    title: str
    direction: Literal["max", "min"]
    unit: str = ""
    is_primary: bool = False
    is_evaluation_only: bool = False
    when: dict[str, tuple[str, ...]] = {}

    def is_of(self, config: Mapping[str, Any]) -> bool:
        """Of a run with this config; where it does not say, any value may be meant."""
        return all(config.get(knob, values[0]) in values for knob, values in self.when.items())


class Architecture(View):
    """`num_parameters` without the last layer, which depends on the classes; `min_image_size` of the side."""

    id: str
    title: str
    num_parameters: int
    min_image_size: int = 1


class Preset(View):
    """Knobs that differ from the defaults; `description` says what for, and what it needs."""

    id: str
    title: str
    description: str = ""
    config: dict[str, Any]


class NumberRange(View):
    """A range worth searching; `log` draws evenly over orders of magnitude."""

    type: Literal["int", "float"]
    low: float
    high: float
    log: bool = False


class Choices(View):
    type: Literal["choice"] = "choice"
    choices: tuple[str | int | float | bool | None, ...]


SearchRange = Annotated[NumberRange | Choices, Field(discriminator="type")]


class SplitPolicy(View):
    """How to split when nobody chose: by what to stratify, None where there is nothing to stratify by."""

    stratify_by: Literal["label", "labels", "target"] | None = None


class TaskSummary(View):
    id: str
    title: str
    description: str
    modality: str
    version: str


class TaskDescription(TaskSummary):
    """`config_schema` is the JSON Schema that the console's form is made of.

    Each property has `title`, `description` (the tooltip), `default`, its limits, and `group`, `unit`,
    `advanced` beside them; properties are in the order to show them.
    """

    annotation_types: tuple[str, ...]
    prediction_type: str
    metrics: tuple[MetricSpec, ...]
    architectures: tuple[Architecture, ...]
    presets: tuple[Preset, ...]
    views: tuple[str, ...]
    overlays: tuple[str, ...]
    capabilities: tuple[str, ...]
    config_schema: dict[str, Any]
    search_space: dict[str, SearchRange]
    split_policy: SplitPolicy
