"""An export: rows and shards into the job's folder, a child writes the ZIP, the room stores it."""

import asyncio
from pathlib import Path
from uuid import UUID

from libs.common import artifacts
from libs.common.contracts.dataset_exports import ExportDataset
from libs.common.contracts.imports import ImportProblem
from libs.common.jobs import Work
from libs.common.jobs.delegate import delegate
from services.datasets.handover import ExportAssignment, ExportOutcome
from services.datasets.service import Service

FETCHING_SHARDS = 4


async def export_dataset(spec: ExportDataset, work: Work[Service]) -> None:
    folder = work.directory.resolve()
    await work.progress(0, "fetching samples")
    async with work.service() as service:
        wanted = await service.exports.wanted(spec.export_id)
        with (folder / "samples.jsonl").open("w") as file:
            async for line in service.exports.lines(wanted):
                file.write(line + "\n")
        shards = await service.exports.shards(wanted)
    assignment = ExportAssignment(
        format=wanted.format,
        modality=wanted.modality,
        classes=wanted.classes,
        samples=folder / "samples.jsonl",
        shards=await _fetch(wanted.dataset_id, shards, folder, work),
        directory=folder,
    )
    outcome = await delegate(work, "services.datasets.export_run", assignment, ExportOutcome)
    await work.progress(1, "storing the export")
    key = artifacts.dataset_export(wanted.dataset_id, spec.export_id)
    await work.resources.storage.put_file(key, outcome.file, "application/zip")
    with outcome.losses.open() as file:
        losses = [ImportProblem.model_validate_json(line) for line in file]
    async with work.finishing() as service:
        await service.exports.complete(spec.export_id, outcome, losses)


async def _fetch(dataset_id: UUID, shards: list[UUID], folder: Path, work: Work[Service]) -> dict[str, Path]:
    """Several at a time."""
    slots = asyncio.Semaphore(FETCHING_SHARDS)
    paths = {str(shard_id): folder / "shards" / f"{shard_id}.tar" for shard_id in shards}

    async def fetch(shard_id: UUID) -> None:
        async with slots:
            key = artifacts.shard(dataset_id, shard_id)
            await work.resources.storage.get_file(key, paths[str(shard_id)])

    try:
        async with asyncio.TaskGroup() as group:
            for shard_id in shards:
                group.create_task(fetch(shard_id))
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return paths
