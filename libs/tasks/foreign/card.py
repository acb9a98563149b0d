"""The card of a model from elsewhere, made of what its owner says; nothing heavy is loaded."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from libs.common.contracts.base import now
from libs.common.contracts.models import ForeignModel
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.common.errors import BadInput, Problem
from libs.tasks import registry
from libs.tasks.manifest import DataFacts, TaskManifest
from libs.tasks.registry import TaskIsUnknown

LARGEST_SIDE = 4096
NUM_NAMED = 5
# They travel with every message about the model.
MOST_BYTES_OF_NAMES = 256 * 2**10


class ForeignModelIsInvalid(BadInput):
    code, title = "foreign_model_invalid", "What is said of the model cannot be so"


def card_of(model: ForeignModel) -> ModelCard:
    """Raises ForeignModelIsInvalid with a pointer to each thing that is wrong."""
    try:
        manifest = registry.task(model.task)
    except TaskIsUnknown as error:
        problems = [Problem(field="model.task", message=each.message) for each in error.errors]
        raise ForeignModelIsInvalid(error.detail, errors=problems) from error
    config, misfits = _config(manifest, model)
    problems = [*_of_classes(model), *_of_input(model.input), *misfits]
    if problems:
        raise ForeignModelIsInvalid(problems[0].message, errors=problems)
    return ModelCard(
        task=manifest.id,
        task_version=manifest.version,
        architecture="from elsewhere",
        classes=model.classes,
        input=model.input,
        config=config,
        seed=0,
        code_version="",
        created_at=now(),
    )


def _config(manifest: TaskManifest, model: ForeignModel) -> tuple[dict[str, Any], list[Problem]]:
    """The given knobs and those that follow from them; what a training would have used stays unsaid."""
    try:
        given = manifest.config_model.model_validate(model.config)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        fields = (".".join(("model.config", *map(str, each["loc"]))) for each in found)
        return {}, [
            Problem(field=field, message=each["msg"]) for field, each in zip(fields, found, strict=True)
        ]
    facts = DataFacts(classes=model.classes, subset_counts={"train": 1, "val": 1, "test": 1})
    resolved = manifest.resolve(given, facts)
    # Of data there are none: what is wrong with the classes is wrong with the model.
    problems = [
        Problem(field="model.classes", message=each.message)
        for each in manifest.check_data(resolved, facts)
        if (each.field or "").startswith("data.")
    ]
    changed = resolved.model_dump(mode="json", exclude_defaults=True)
    return {**model.config, **changed}, problems


def _of_classes(model: ForeignModel) -> Iterator[Problem]:
    counted = Counter(model.classes)
    twice = [name for name, count in counted.items() if count > 1]
    if twice:
        named = ", ".join(repr(name) for name in twice[:NUM_NAMED])
        yield Problem(field="model.classes", message=f"named more than once: {named}")
    size_bytes = len(json.dumps(model.classes))
    if size_bytes > MOST_BYTES_OF_NAMES:
        message = f"their names have {size_bytes:,} bytes together; {MOST_BYTES_OF_NAMES:,} are the limit"
        yield Problem(field="model.classes", message=message)


def _of_input(given: ImageInput) -> Iterator[Problem]:
    for side, length in (("height", given.height), ("width", given.width)):
        if length > LARGEST_SIDE:
            message = f"at most {LARGEST_SIDE} pixels"
            yield Problem(field=f"model.input.{side}", message=message)
    if not all(map(math.isfinite, given.mean)):
        yield Problem(field="model.input.mean", message="three numbers, one per colour")
    if not all(math.isfinite(each) and each > 0 for each in given.std):
        yield Problem(field="model.input.std", message="three numbers above 0, one per colour")
