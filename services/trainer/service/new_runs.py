"""What a new run is made of: its experiment, or the run that it repeats, and what was asked for."""

import re
import unicodedata
from typing import Any

from libs.common.contracts.datasets import DataReference
from libs.common.contracts.runs import CreateRun
from libs.common.ids import new_id
from libs.tasks.manifest import ConfigIsInvalid, DataFacts
from libs.tasks.registry import task
from services.trainer.errors import ConfigIsOutdated
from services.trainer.models import ExperimentRow, RunRow
from services.trainer.service.repeating import foreseen

ANY_DEVICE = "auto"


def new_run(experiment: ExperimentRow, wanted: CreateRun, original: RunRow | None) -> RunRow:
    source = original or experiment
    config = _still_valid(source)
    return RunRow(
        id=new_id(),
        experiment_id=experiment.id,
        project_id=experiment.project_id,
        name=f"{experiment.name} #{experiment.num_runs}",
        task=source.task,
        then=list(wanted.then),
        config=config,
        data=source.data,
        deployment=wanted.deployment or (original.deployment if original else slug(experiment.name)),
        priority=wanted.priority,
        wanted_device=wanted.device or (original.wanted_device if original else ANY_DEVICE),
        attempt=0,
        reproduces=original.id if original else None,
        starts_from=original.starts_from if original else None,
        warnings=foreseen(original, config) if original else [],
    )


def _still_valid(source: ExperimentRow | RunRow) -> dict[str, Any]:
    """What was stored was valid then; the task may have got other knobs since."""
    facts = DataFacts.of(DataReference.model_validate(source.data))
    try:
        return task(source.task).validate_config(None, source.config, facts).model_dump(mode="json")
    except ConfigIsInvalid as error:
        words = f"{source.name} was configured for another version of its task; make a new experiment"
        raise ConfigIsOutdated(words, errors=error.errors) from error


def network_of(run: RunRow) -> tuple[str, object, object]:
    """Weights of one fit another with the same."""
    return run.task, run.config.get("architecture"), run.reference.classes


def slug(name: str) -> str:
    """The deployment's default name: `Größe & Form` becomes `grosse-form`; `model` if no letter is left."""
    folded = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:63].rstrip("-") or "model"
