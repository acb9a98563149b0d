"""An import: fetch the source, let a child pack it chunk by chunk, store each chunk, publish all at once."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from libs.common import artifacts
from libs.common.contracts.imports import ImportDataset, ImportProblem
from libs.common.jobs import Work
from libs.common.jobs.delegate import delegate
from services.datasets import sources
from services.datasets.errors import ClassIsEmpty, DatasetIsEmpty, DatasetNotFound
from services.datasets.handover import Assignment, Depth, Outcome, PackedChunk, PackedShard
from services.datasets.known import write_known
from services.datasets.service import Service

# Chunks on their way to the object store at once; more would only wait for each other.
STORING_CHUNKS = 3


async def import_dataset(spec: ImportDataset, work: Work[Service]) -> None:
    assignment = await _assignment(spec, work)
    async with _Storing(spec.dataset_id, work) as storing:
        outcome = await delegate(
            work, "services.datasets.run", assignment, Outcome, on_checkpoint=storing.take
        )
    await work.progress(1, "writing samples")
    await _publish(spec, outcome, work)


async def _assignment(spec: ImportDataset, work: Work[Service]) -> Assignment:
    folder = work.directory.resolve()
    async with work.service() as service:
        await service.datasets.existing(spec.dataset_id)
        staged = await service.imports.staged(work.job.job_id)
        known = None
        if spec.is_addition:
            digests = await service.imports.digests(spec.dataset_id)
            known = await asyncio.to_thread(write_known, folder / "known", digests)
    fetched = await sources.fetch(spec.source, folder, work.resources, work.progress)
    settings = work.resources.settings
    return Assignment(
        source=fetched.path,
        filename=fetched.filename,
        format=spec.format,
        options=spec.options,
        depth=Depth.PACKING,
        directory=folder,
        processes=settings.import_processes,
        limits=settings.archive,
        known=known,
        staged=staged,
    )


class _Storing:
    """Chunks go to the object store and are staged while the child packs the next.

    Keys come from content: an attempt after a crash writes the same bytes to the same places.
    """

    def __init__(self, dataset_id: UUID, work: Work[Service]) -> None:
        self._dataset_id = dataset_id
        self._work = work
        self._slots = asyncio.Semaphore(STORING_CHUNKS)
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> "_Storing":
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        """All that was taken is stored; the first thing that went wrong is what is raised."""
        try:
            await self._group.__aexit__(*error)
        except ExceptionGroup as several:
            raise several.exceptions[0] from None

    async def take(self, told: dict[str, Any]) -> None:
        chunk = PackedChunk.model_validate(told)
        await self._slots.acquire()
        self._group.create_task(self._store(chunk)).add_done_callback(lambda _: self._slots.release())

    async def _store(self, chunk: PackedChunk) -> None:
        shard_id = await self._put(chunk.shard) if chunk.shard else None
        outcome = await asyncio.to_thread(chunk.outcome.read_bytes)
        async with self._work.service() as service:
            await service.imports.stage(self._work.job.job_id, self._dataset_id, chunk, shard_id, outcome)
        await asyncio.to_thread(_remove, chunk)

    async def _put(self, shard: PackedShard) -> UUID:
        storage, shard_id = self._work.resources.storage, uuid5(self._dataset_id, shard.digest)
        await storage.put_file(artifacts.shard(self._dataset_id, shard_id), shard.file)
        await storage.put_file(artifacts.thumbnails(self._dataset_id, shard_id), shard.thumbnails)
        return shard_id


def _remove(chunk: PackedChunk) -> None:
    chunk.outcome.unlink()
    if chunk.shard is not None:
        chunk.shard.thumbnails.unlink()
        # Last: its absence tells the child that there is room for another.
        chunk.shard.file.unlink()


async def _publish(spec: ImportDataset, outcome: Outcome, work: Work[Service]) -> None:
    """Rows, report, version, fact and the job's end become visible together or not at all."""
    problems = await asyncio.to_thread(_problems, outcome.problems)
    try:
        async with work.finishing() as service:
            await service.imports.publish(spec, outcome, problems, work.job.job_id)
    except (DatasetIsEmpty, ClassIsEmpty):
        # Who has to mend the source needs to know all that is wrong with it.
        async with work.service() as service:
            await service.imports.report_failure(spec, outcome, problems, work.job.job_id)
        raise
    except DatasetNotFound:
        await work.resources.storage.remove_prefix(artifacts.dataset_prefix(spec.dataset_id))
        raise


def _problems(path: Path) -> list[ImportProblem]:
    with path.open() as file:
        return [ImportProblem.model_validate_json(line) for line in file]
