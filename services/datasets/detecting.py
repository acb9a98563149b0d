"""A look at a source: the same reading as an import, and nothing stored but what was seen."""

from libs.common.contracts.imports import DetectSource, ImportProblem
from libs.common.jobs import Work
from libs.common.jobs.delegate import delegate
from services.datasets import sources
from services.datasets.at_work import death_named
from services.datasets.full_disk import full_disk_named
from services.datasets.handover import Assignment, Depth, Outcome
from services.datasets.service import Service


async def detect_source(spec: DetectSource, work: Work[Service]) -> None:
    folder = work.directory.resolve()
    async with work.service() as service:
        wanted = await service.detections.wanted(spec.detection_id)
    fetched = await sources.fetch(wanted.source, folder, work.resources, work.progress)
    settings = work.resources.settings
    assignment = Assignment(
        source=fetched.path,
        filename=fetched.filename,
        format=wanted.format,
        options=wanted.options,
        depth=Depth.DECODING if wanted.is_thorough else Depth.LISTING,
        directory=folder,
        processes=settings.import_processes,
        limits=settings.archive,
    )
    with full_disk_named("the source was read"), death_named(folder):
        outcome = await delegate(
            work,
            "services.datasets.run",
            assignment,
            Outcome,
            memory_limit_bytes=settings.import_memory_bytes,
        )
    with outcome.problems.open() as file:
        problems = [ImportProblem.model_validate_json(line) for line in file]
    async with work.finishing() as service:
        await service.detections.complete(spec.detection_id, outcome, problems)
