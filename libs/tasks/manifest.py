"""What a task says of itself without loading anything heavy: the first of its three layers.

| layer | loads | who uses it |
|---|---|---|
| manifest | pydantic | gateway, console, datasets, scheduler |
| codec | numpy, Pillow | inference, evaluator |
| runtime | torch | children that train, evaluate, export |
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from libs.common.contracts.catalogue import (
    Architecture,
    MetricSpec,
    Preset,
    SplitPolicy,
    TaskDescription,
    TaskSummary,
)
from libs.common.contracts.datasets import DataReference
from libs.common.errors import BadInput, Problem
from libs.tasks.config import TrainingConfig

if TYPE_CHECKING:
    from libs.tasks.codec import Codec
    from libs.tasks.runtime import TaskRuntime

API_VERSION = 1


class ConfigIsInvalid(BadInput):
    code, title = "config_invalid", "The configuration does not fit the task"


class PresetIsUnknown(BadInput):
    code, title = "preset_unknown", "There is no such preset"


@dataclass(frozen=True)
class DataFacts:
    """What is known of the data before a run: enough to refuse what cannot work. None is not known."""

    classes: tuple[str, ...]
    subset_counts: Mapping[str, int]
    modality: str | None = None
    annotation_types: tuple[str, ...] | None = None
    untrained: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: DataReference) -> "DataFacts":
        return cls(data.classes, data.subset_counts, data.modality, data.annotation_types, data.untrained)


CheckData = Callable[[Any, DataFacts], list[Problem]]
Resolve = Callable[[Any, DataFacts], Any]


@dataclass(frozen=True)
class TaskManifest:
    """`codec` and `runtime` are `module:name`, loaded only when asked for.

    `resolve` settles knobs that are left to the data, before `check_data` sees the config.
    """

    id: str
    title: str
    description: str
    version: str
    modality: str
    annotation_types: tuple[str, ...]
    prediction_type: str
    config_model: type[TrainingConfig]
    metrics: tuple[MetricSpec, ...]
    architectures: tuple[Architecture, ...]
    presets: tuple[Preset, ...]
    codec: str
    runtime: str
    check_data: CheckData
    resolve: Resolve = field(default=lambda config, _: config)
    views: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    split_policy: SplitPolicy = field(default_factory=SplitPolicy)
    capabilities: frozenset[str] = field(default=frozenset({"train", "resume", "onnx"}))
    api_version: int = API_VERSION

    def metrics_of(self, config: Mapping[str, Any]) -> tuple[MetricSpec, ...]:
        """Those that a run with this config has."""
        return tuple(metric for metric in self.metrics if metric.is_of(config))

    def primary_of(self, config: Mapping[str, Any]) -> MetricSpec:
        return next(metric for metric in self.metrics_of(config) if metric.is_primary)

    def validate_config(
        self, preset: str | None, overrides: Mapping[str, Any], facts: DataFacts
    ) -> TrainingConfig:
        """The whole, resolved config; raises with a pointer per knob that cannot work."""
        try:
            config = self.config_model.model_validate(_merged(self._preset(preset), overrides))
        except ValidationError as error:
            raise ConfigIsInvalid("some knobs are not valid", errors=_problems(error)) from error
        config = self.resolve(config, facts)
        problems = [*self._misfits(facts), *self.check_data(config, facts)]
        if problems:
            raise ConfigIsInvalid(problems[0].message, errors=problems)
        return config

    def summary(self) -> TaskSummary:
        return TaskSummary(
            id=self.id,
            title=self.title,
            description=self.description,
            modality=self.modality,
            version=self.version,
        )

    def describe(self) -> TaskDescription:
        schema = self.config_model.model_json_schema()
        return TaskDescription(
            **self.summary().model_dump(),
            annotation_types=self.annotation_types,
            prediction_type=self.prediction_type,
            metrics=self.metrics,
            architectures=self.architectures,
            presets=self.presets,
            views=self.views,
            overlays=self.overlays,
            capabilities=tuple(sorted(self.capabilities)),
            config_schema=schema,
            search_space=_search_space(schema),
            split_policy=self.split_policy,
        )

    def load_codec(self) -> "Codec":
        return _load(self.codec)

    def load_runtime(self) -> "TaskRuntime":
        return _load(self.runtime)

    def _misfits(self, facts: DataFacts) -> Iterator[Problem]:
        """Of data that are of another kind than what the task learns from."""
        if facts.modality is not None and self.modality not in (facts.modality, *facts.modality.split("_")):
            message = f"{self.title} learns from {self.modality} data; these are {facts.modality} data"
            yield Problem(field="data.modality", message=message)
        known = facts.annotation_types
        if self.annotation_types and known is not None and not set(known) & set(self.annotation_types):
            wanted, found = " or ".join(self.annotation_types), ", ".join(known) or "none"
            message = f"{self.title} learns from annotations of type {wanted}; these data have {found}"
            yield Problem(field="data.annotation_types", message=message)

    def _preset(self, preset: str | None) -> Mapping[str, Any]:
        if preset is None:
            return {}
        found = next((each for each in self.presets if each.id == preset), None)
        if found is None:
            known = ", ".join(each.id for each in self.presets)
            problem = Problem(field="preset", message=f"choose one of {known}")
            raise PresetIsUnknown(f"{self.title} has no preset {preset!r}", errors=[problem])
        return found.config


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _problems(error: ValidationError) -> list[Problem]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        Problem(field=".".join(("config", *map(str, each["loc"]))), message=each["msg"]) for each in found
    ]


def _search_space(schema: Mapping[str, Any]) -> dict[str, Any]:
    knobs = schema.get("properties", {})
    return {name: knob["search"] for name, knob in knobs.items() if "search" in knob}


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
