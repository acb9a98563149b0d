"""The work door of the evaluator: fetch data and model, let a child process evaluate, store what it found."""

from libs.common.cache import ObjectCache
from libs.common.contracts.evaluations import EvaluateModel
from libs.common.jobs import JobDoor, Work
from libs.common.jobs.delegate import delegate
from libs.common.staging import stage_model
from services.evaluator.handover import Assignment, Outcome
from services.evaluator.service import Service

jobs = JobDoor()


@jobs.does
async def evaluate_model(spec: EvaluateModel, work: Work[Service]) -> None:
    async with work.service() as service:
        await service.evaluations.start(spec)
    assignment = await _assignment(spec, work)
    outcome = await delegate(work, "services.evaluator.run", assignment, Outcome)
    await work.progress(1, "storing what became of each sample")
    async with work.finishing() as service:
        # First the rows, which take a while: until the end nothing is locked that a reset would wait for.
        await service.results.store(spec.evaluation_id, outcome.read_results())
        await service.evaluations.complete(spec, outcome.read_report())


async def _assignment(spec: EvaluateModel, work: Work[Service]) -> Assignment:
    await work.progress(0, "fetching samples and model")
    settings, storage = work.resources.settings, work.resources.storage
    cache = ObjectCache(settings.scratch / "objects", settings.cache_bytes, storage.get_file)
    return Assignment(
        model=await stage_model(cache, spec.model.package, spec.model.data, work.directory),
        subsets=spec.subsets,
        batch_size=spec.batch_size,
        device=work.job.device or "cpu",
        directory=work.directory.resolve(),
    )
