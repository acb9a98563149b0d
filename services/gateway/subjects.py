"""What a job is about: the gateway looks whether all of it is there, so that no room asks back."""

from uuid import UUID

from libs.common.contracts.checkpoints import ListCheckpoints
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.runs import GetRun
from libs.common.contracts.splits import GetSplit
from libs.common.errors import BadInput, Conflict, NotFound, Problem
from services.gateway.doors import Doors


class CheckpointIsMissing(BadInput):
    code, title = "checkpoint_missing", "This run has no such checkpoint"


class DataIsGone(Conflict):
    code, title = "data_gone", "The data are not there any more"


async def require_data(house: Doors, data: DataReference) -> None:
    """Before anything is queued: a worker would find it gone only after a wait."""
    for part in data.parts:
        try:
            await house.ask(GetSplit(split_id=part.split_id))
        except NotFound as error:
            words = f"version {part.version} of dataset {part.dataset_name} or its split was deleted"
            raise DataIsGone(words) from error


async def evaluable(house: Doors, run_id: UUID, checkpoint: str) -> Evaluable:
    run = await house.ask(GetRun(run_id=run_id))
    checkpoints = await house.ask(ListCheckpoints(run_id=run_id))
    found = next((each for each in checkpoints if each.name == checkpoint), None)
    if found is None:
        names = ", ".join(each.name for each in checkpoints) or "none yet"
        problem = Problem(field="checkpoint", message=f"choose one that exists: {names}")
        raise CheckpointIsMissing(f"run {run.name} has no checkpoint {checkpoint!r}", errors=[problem])
    await require_data(house, run.data)
    return Evaluable(
        run_id=run.id,
        run_name=run.name,
        experiment_id=run.experiment_id,
        project_id=run.project_id,
        task=run.task,
        checkpoint=found.name,
        package=found.package,
        data=run.data,
    )
