"""What is meant where little is named: the only deployment, the best run of an experiment."""

from uuid import UUID

from libs.common.contracts.base import PageQuery, Slug
from libs.common.contracts.deployments import ListDeployments
from libs.common.contracts.experiments import Experiment, GetExperiment
from libs.common.contracts.exports import ExportFormat, ExportState, ListExports
from libs.common.contracts.models import GetModelVersion, ModelVersion
from libs.common.contracts.problems import Problem
from libs.common.contracts.runs import ListRuns, Run, RunState
from libs.common.errors import Conflict, NotFound
from libs.tasks import registry
from services.gateway.doors import Doors

# So many are named to choose from, and so many of an experiment's last runs are looked at.
NUM_NAMED = 20
NUM_RUNS = 200


class NothingIsDeployed(NotFound):
    code, title = "nothing_deployed", "There is no deployment"


class DeploymentIsNotNamed(Conflict):
    code, title = "deployment_not_named", "There are several deployments"


class ExperimentHasNoResult(Conflict):
    code, title = "experiment_has_no_result", "The experiment has nothing of this kind yet"


async def deployment_meant(house: Doors, name: Slug | None) -> Slug:
    """The one that is named, or the only one there is."""
    if name is not None:
        return name
    page = await house.ask(ListDeployments(query=PageQuery(limit=NUM_NAMED)))
    names = [each.name for each in page.items]
    if not names:
        raise NothingIsDeployed("nothing is deployed yet")
    if len(names) > 1:
        problem = Problem(field="deployment", message=f"choose one: {', '.join(names)}")
        raise DeploymentIsNotNamed(f"name one with ?deployment=…: {', '.join(names)}", errors=[problem])
    return names[0]


async def best_model(house: Doors, experiment_id: UUID) -> ModelVersion:
    """The newest ONNX export of the best completed run. Raises ExperimentHasNoResult, which names what is
    missing."""
    experiment = await house.ask(GetExperiment(experiment_id=experiment_id))
    run = await _best_completed(house, experiment)
    for export in (await house.ask(ListExports(run_id=run.id, query=PageQuery(limit=NUM_RUNS)))).items:
        is_served = export.state is ExportState.COMPLETED and export.format == ExportFormat.ONNX
        if is_served and export.model is not None:
            return await house.ask(GetModelVersion(name=export.model, version=export.model_version))
    raise ExperimentHasNoResult(
        f"{run.name}, the best run, has no completed ONNX export: ask for one at /v1/runs/{run.id}/exports"
    )


async def _best_completed(house: Doors, experiment: Experiment) -> Run:
    """By the task's primary metric; of runs that are equally good the newest."""
    wanted = ListRuns(experiment_id=experiment.id, state=RunState.COMPLETED, query=PageQuery(limit=NUM_RUNS))
    runs = (await house.ask(wanted)).items
    if not runs:
        raise ExperimentHasNoResult(f"no run of {experiment.name} is completed")
    metric = registry.task(experiment.task).primary_of(experiment.config)
    sign = 1 if metric.direction == "max" else -1

    def worth(run: Run) -> float:
        return max(
            (sign * each.best for each in run.summary if each.key == metric.key), default=-float("inf")
        )

    return max(runs, key=worth)
