"""What an evaluation or export is about: the gateway fills it in once, so that no room asks another back."""

from uuid import UUID

from libs.common.contracts.checkpoints import ListCheckpoints
from libs.common.contracts.evaluations import Evaluable
from libs.common.contracts.runs import GetRun
from libs.common.errors import BadInput, Problem
from services.gateway.doors import Doors


class CheckpointIsMissing(BadInput):
    code, title = "checkpoint_missing", "This run has no such checkpoint"


async def evaluable(house: Doors, run_id: UUID, checkpoint: str) -> Evaluable:
    run = await house.ask(GetRun(run_id=run_id))
    checkpoints = await house.ask(ListCheckpoints(run_id=run_id))
    found = next((each for each in checkpoints if each.name == checkpoint), None)
    if found is None:
        names = ", ".join(each.name for each in checkpoints) or "none yet"
        problem = Problem(field="checkpoint", message=f"choose one that exists: {names}")
        raise CheckpointIsMissing(f"run {run.name} has no checkpoint {checkpoint!r}", errors=[problem])
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
