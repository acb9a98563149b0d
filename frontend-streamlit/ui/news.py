"""Which facts are news to a person at the console, in which words, and where they lead."""

from dataclasses import dataclass

from libs.common.contracts.channels import Severity


@dataclass(frozen=True)
class News:
    """`{part.of.it}` stands for what the fact says; `calls` where somebody may have waited for it."""

    title: str
    text: str = ""
    link: str = ""
    severity: Severity = Severity.INFO
    calls: bool = False


_DATASET, _RUN, _MODEL = "dataset?id={dataset_id}", "run?id={run_id}", "model?name={model}"
_DEPLOYMENT = "deployment?name={deployment}"
_EVALUATION = "evaluate?evaluation={evaluation_id}"


def _ended(title: str, text: str = "", link: str = "") -> News:
    return News(title, text, link, calls=True)


def _failed(title: str, link: str = "") -> News:
    return News(title, "{detail}", link, Severity.ERROR, calls=True)


NEWS = {
    "project.deleted": News("Project “{name}” was deleted"),
    "dataset.ready": _ended(
        "Dataset “{name}” is ready", "Version {version}: {num_samples} samples", _DATASET
    ),
    "dataset.failed": _failed("Dataset “{name}” could not be imported", _DATASET),
    "dataset.versioned": News("Dataset “{name}” has a version {version}", "{message}", _DATASET),
    "dataset.exported": _ended(
        "Dataset “{name}” was exported", "Version {version} as {format} can be downloaded", _DATASET
    ),
    "dataset.deleted": News("Dataset “{name}” was deleted"),
    "split.saved": News("Split “{name}” was saved", link="splits?dataset={dataset_id}"),
    "run.started": News("Run “{name}” started", link=_RUN),
    "run.completed": _ended("Run “{name}” completed", link=_RUN),
    "run.failed": _failed("Run “{name}” failed", _RUN),
    "run.cancelled": News("Run “{name}” was cancelled", link=_RUN),
    "run.lost": News("Run “{name}” lost its worker", "It goes on by itself", _RUN, Severity.WARNING),
    "run.resumed": News("Run “{name}” goes on", link=_RUN),
    "evaluation.completed": _ended("Run “{model.run_name}” was evaluated", link=_EVALUATION),
    "evaluation.failed": _failed("An evaluation of run “{run_name}” failed", _RUN),
    "export.completed": _ended("Run “{source.run_name}” was exported", "As {format}, {precision}", _RUN),
    "export.failed": _failed("An export of run “{run_name}” failed", _RUN),
    "model.registered": News("Model “{model}” has a version {version}", link=_MODEL),
    "model.aliased": News("The alias {alias} of model “{model}” was changed", link=_MODEL),
    "model.deployed": _ended(
        "Model “{model}” version {version} is deployed", "“{deployment}” answers with it", _DEPLOYMENT
    ),
    "deployment.failed": _failed(
        "Deployment “{deployment}” could not serve “{model}” version {version}", _DEPLOYMENT
    ),
    "canary.failed": _failed(
        "The trial of “{model}” version {version} in “{deployment}” failed", _DEPLOYMENT
    ),
    "alert.raised": News("Node “{node}” needs a look", "{message}", "system", Severity.WARNING, calls=True),
    "alert.cleared": News("Node “{node}” is well again", "{message}, it was said", "system"),
}
