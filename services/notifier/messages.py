"""What a person reads of each fact: one entry per type of fact."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from libs.common.contracts.base import Fact
from libs.common.contracts.channels import Severity
from libs.common.contracts.dataset_exports import DatasetExported
from libs.common.contracts.datasets import DatasetDeleted, DatasetFailed, DatasetReady
from libs.common.contracts.deployments import CanaryFailed, DeploymentFailed, ModelDeployed
from libs.common.contracts.evaluations import EvaluationCompleted, EvaluationFailed
from libs.common.contracts.exports import ExportCompleted, ExportFailed
from libs.common.contracts.jobs import JobCancelled, JobFailed
from libs.common.contracts.models import ModelAliased, ModelRegistered
from libs.common.contracts.projects import ProjectDeleted
from libs.common.contracts.run_facts import (
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunLost,
    RunProgressed,
    RunQueued,
    RunResumed,
    RunStarted,
    RunStopping,
)
from libs.common.contracts.splits import SplitSaved
from libs.common.contracts.system import AlertCleared, AlertKind, AlertRaised, AlertSeverity
from libs.common.contracts.versions import DatasetVersioned

# An error may quote pages of output; the row of the run or job keeps it whole.
MAX_DETAIL_LENGTH = 1000


@dataclass(frozen=True)
class Message:
    """The title says what happened to what; the text says how, and what comes next; `lines` are the last that
    were said before."""

    severity: Severity
    title: str
    text: str
    lines: tuple[str, ...] = ()


def message(fact: Fact) -> Message:
    """Raises KeyError for a type of fact that has no entry."""
    return MESSAGES[type(fact)](fact)


def _info(title: str, text: str) -> Message:
    return Message(Severity.INFO, title, text)


def _warning(title: str, text: str) -> Message:
    return Message(Severity.WARNING, title, text)


def _failure(title: str, detail: str, code: str | None = None, lines: tuple[str, ...] = ()) -> Message:
    shown = detail if len(detail) <= MAX_DETAIL_LENGTH else f"{detail[: MAX_DETAIL_LENGTH - 1]}…"
    return Message(Severity.ERROR, title, f"{shown} ({code})" if code else shown, lines)


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _metrics(values: dict[str, float]) -> str:
    return ", ".join(f"{key} {value:.4g}" for key, value in values.items()) or "no metrics"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _next(fact: RunCompleted | EvaluationCompleted | ExportCompleted) -> str:
    return f" Next: {', '.join(fact.then)}." if fact.then else ""


def _dataset_ready(fact: DatasetReady) -> Message:
    size = f"{_count(fact.num_samples, 'sample')} in {_count(len(fact.classes), 'class', 'classes')}"
    return _info(f"Dataset “{fact.name}” is ready", f"Version {fact.version}: {size}.")


def _run_completed(fact: RunCompleted) -> Message:
    text = f"Trained in {_duration(fact.duration_seconds)}: {_metrics(fact.metrics)}.{_next(fact)}"
    return _info(f"Run “{fact.name}” completed", text)


def _run_failed(fact: RunFailed) -> Message:
    failure = _failure(f"Run “{fact.name}” failed", fact.detail, fact.code, fact.last_log_lines)
    if fact.duration_seconds is None:
        return failure
    return replace(failure, text=f"{failure.text} after {_duration(fact.duration_seconds)}")


def _run_lost(fact: RunLost) -> Message:
    text = f"Attempt {fact.attempt} vanished; the run goes on from its last checkpoint on another worker."
    return _warning(f"Run “{fact.name}” lost its worker", text)


def _run_resumed(fact: RunResumed) -> Message:
    text = f"Attempt {fact.attempt} continues after epoch {fact.epoch}."
    if not fact.epoch:
        text = f"Attempt {fact.attempt} was only cut off and continues."
    return _info(f"Run “{fact.name}” goes on", text)


def _evaluation_completed(fact: EvaluationCompleted) -> Message:
    text = f"Checkpoint {fact.model.checkpoint}: {_metrics(fact.metrics)}.{_next(fact)}"
    return _info(f"Evaluation of run “{fact.model.run_name}” completed", text)


def _export_completed(fact: ExportCompleted) -> Message:
    kind = f"{fact.format}, {fact.precision}"
    text = (
        f"As {kind}: version {fact.model_version} of the model “{fact.model}”."
        if fact.model
        else f"As {kind}."
    )
    return _info(f"Run “{fact.source.run_name}” was exported", f"{text}{_next(fact)}")


def _model_registered(fact: ModelRegistered) -> Message:
    origin = f"It was made from run {fact.run_id}." if fact.run_id else "It comes from an uploaded file."
    return _info(f"Model “{fact.model}” has a version {fact.version}", origin)


def _model_aliased(fact: ModelAliased) -> Message:
    if fact.version is None:
        return _info(f"Model “{fact.model}” has no {fact.alias} any more", "The alias was removed.")
    return _info(f"Model “{fact.model}” has a new {fact.alias}", f"It is version {fact.version}.")


def _alert_raised(fact: AlertRaised) -> Message:
    title = f"{_watched(fact)} needs a look"
    if fact.severity is AlertSeverity.CRITICAL:
        return _failure(title, f"{fact.message}.")
    return _warning(title, f"{fact.message}.")


def _alert_cleared(fact: AlertCleared) -> Message:
    text = f"It is over after {_duration(fact.duration_seconds)}. {fact.message}, it was said."
    return _info(f"{_watched(fact)} is well again", text)


def _watched(fact: AlertRaised | AlertCleared) -> str:
    return "The queue" if fact.kind is AlertKind.QUEUE else f"Node “{fact.node}”"


def _deployment_failed(fact: DeploymentFailed) -> Message:
    title = f"Deployment “{fact.deployment}” could not serve “{fact.model}” version {fact.version}"
    return _failure(title, fact.detail)


def _canary_failed(fact: CanaryFailed) -> Message:
    title = f"The trial of “{fact.model}” version {fact.version} in “{fact.deployment}” failed"
    return _failure(title, f"{fact.detail} The deployment's own version answers all requests.")


MESSAGES: dict[type[Fact], Callable[[Any], Message]] = {
    ProjectDeleted: lambda fact: _info(
        f"Project “{fact.name}” was deleted", "Its datasets, runs and models go with it."
    ),
    DatasetReady: _dataset_ready,
    DatasetFailed: lambda fact: _failure(
        f"Dataset “{fact.name}” could not be imported", fact.detail, fact.code
    ),
    DatasetVersioned: lambda fact: _info(
        f"Dataset “{fact.name}” has a version {fact.version}",
        f"{fact.message}: {_count(fact.num_samples, 'sample')} now." if fact.message else "It was changed.",
    ),
    DatasetExported: lambda fact: _info(
        f"Dataset “{fact.name}” was exported", f"Version {fact.version} as {fact.format} can be downloaded."
    ),
    DatasetDeleted: lambda fact: _info(f"Dataset “{fact.name}” was deleted", "Its samples go with it."),
    SplitSaved: lambda fact: _info(
        f"Split “{fact.name}” was saved", f"It belongs to version {fact.version} of its dataset."
    ),
    RunStarted: lambda fact: _info(
        f"Run “{fact.name}” started", f"Attempt {fact.attempt}, task {fact.task}."
    ),
    RunCompleted: _run_completed,
    RunFailed: _run_failed,
    RunCancelled: lambda fact: _info(f"Run “{fact.name}” was cancelled", "It ended on request."),
    RunLost: _run_lost,
    RunResumed: _run_resumed,
    EvaluationCompleted: _evaluation_completed,
    EvaluationFailed: lambda fact: _failure(
        f"An evaluation of run “{fact.run_name or fact.run_id}” failed", fact.detail, fact.code
    ),
    ExportCompleted: _export_completed,
    ExportFailed: lambda fact: _failure(
        f"An export of run “{fact.run_name or fact.run_id}” failed", fact.detail, fact.code
    ),
    ModelRegistered: _model_registered,
    ModelAliased: _model_aliased,
    ModelDeployed: lambda fact: _info(
        f"Model “{fact.model}” version {fact.version} is deployed",
        f"The deployment “{fact.deployment}” answers with it.",
    ),
    DeploymentFailed: _deployment_failed,
    CanaryFailed: _canary_failed,
    AlertRaised: _alert_raised,
    AlertCleared: _alert_cleared,
}
# How a job ended is for the room whose job it is: that one tells people what it means (`dataset.failed`).
# Of a run's way people hear the turns; that it waits, trains or is about to stop is for pages that show it.
FOR_ROOMS: frozenset[type[Fact]] = frozenset({JobFailed, JobCancelled, RunQueued, RunProgressed, RunStopping})
