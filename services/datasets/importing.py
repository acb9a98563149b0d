"""An import: fetch the source, let a child pack it chunk by chunk, store each chunk, publish all at once."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from libs.common import artifacts
from libs.common.contracts.imports import ImportDataset, ImportProblem
from libs.common.jobs import Work
from libs.common.jobs.delegate import delegate
from libs.common.log import get_logger
from libs.common.storage import StorageUnavailable
from services.datasets import sources
from services.datasets.at_work import death_named
from services.datasets.errors import ClassIsEmpty, DatasetIsEmpty
from services.datasets.full_disk import full_disk_named
from services.datasets.handover import Assignment, Depth, Outcome, PackedChunk, PackedShard
from services.datasets.known import write_known
from services.datasets.service import Service

log = get_logger(__name__)

# Chunks on their way to the object store at once; more would only wait for each other.
STORING_CHUNKS = 3
# A store that is away or full for a while costs nothing but time; in the end the job is given back.
PATIENCE_SECONDS = 600.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0


async def import_dataset(spec: ImportDataset, work: Work[Service]) -> None:
    with full_disk_named("the source was read"), death_named(work.directory):
        assignment = await _assignment(spec, work)
        async with _Storing(spec.dataset_id, work) as storing:
            outcome = await delegate(
                work,
                "services.datasets.run",
                assignment,
                Outcome,
                memory_limit_bytes=work.resources.settings.import_memory_bytes,
                on_checkpoint=storing.take,
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
        shard_id = await self._insist(chunk.shard) if chunk.shard else None
        outcome = await asyncio.to_thread(chunk.outcome.read_bytes)
        async with self._work.service() as service:
            await service.imports.stage(self._work.job.job_id, self._dataset_id, chunk, shard_id, outcome)
        await asyncio.to_thread(_remove, chunk)

    async def _insist(self, shard: PackedShard) -> UUID:
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE_SECONDS
        given_up_at = loop.time() + PATIENCE_SECONDS
        while True:
            try:
                return await self._put(shard)
            except StorageUnavailable as error:
                if loop.time() > given_up_at:
                    raise
                log.warning("storing_waits", detail=error.detail)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

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


def _problems(path: Path) -> list[ImportProblem]:
    with path.open() as file:
        return [ImportProblem.model_validate_json(line) for line in file]
