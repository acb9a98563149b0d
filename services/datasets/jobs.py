"""The work door of the datasets room: a child process reads the archive, the room stores what it packed."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid5

from libs.common import artifacts
from libs.common.contracts.base import View
from libs.common.contracts.datasets import ImportDataset, ImportProblem, UploadSource
from libs.common.jobs import JobDoor, Work
from libs.common.jobs.delegate import delegate
from libs.common.storage import ObjectNotFound
from services.datasets.errors import DatasetNotFound, UploadNotFound
from services.datasets.handover import Assignment, Outcome, PackedSample, PackedShard
from services.datasets.models import ShardRow
from services.datasets.service import Service
from services.datasets.service.datasets import FIRST_VERSION

jobs = JobDoor()
Line = TypeVar("Line", bound=View)


@jobs.does
async def import_dataset(spec: ImportDataset, work: Work[Service]) -> None:
    assignment = await _assignment(spec.dataset_id, work)
    outcome = await delegate(work, "services.datasets.run", assignment, Outcome)
    shards = list(_lines(outcome.shards, PackedShard))
    await _store(spec.dataset_id, shards, work)
    try:
        await _publish(spec.dataset_id, outcome, shards, work)
    except DatasetNotFound:
        await work.resources.storage.remove_prefix(artifacts.dataset_prefix(spec.dataset_id))
        raise


async def _assignment(dataset_id: UUID, work: Work[Service]) -> Assignment:
    await work.progress(0, "fetching the upload")
    async with work.service() as service:
        row = await service.datasets.existing(dataset_id)
        format, source = row.format, UploadSource.model_validate(row.source)
    archive = work.directory.resolve() / "archive"
    try:
        await work.resources.storage.get_file(artifacts.upload(source.upload_id), archive)
    except ObjectNotFound as error:
        raise UploadNotFound(f"the bytes of upload {source.upload_id} are gone") from error
    settings = work.resources.settings
    return Assignment(
        archive=archive,
        format=format,
        directory=work.directory.resolve(),
        processes=settings.import_processes,
        limits=settings.archive,
    )


async def _store(dataset_id: UUID, shards: list[PackedShard], work: Work[Service]) -> None:
    """Keys come from content: an attempt after a crash writes the same bytes to the same places."""
    storage = work.resources.storage
    for number, shard in enumerate(shards):
        await work.progress(1, f"storing shard {number + 1} of {len(shards)}")
        shard_id = _shard_id(dataset_id, shard)
        await storage.put_file(artifacts.shard(dataset_id, shard_id), shard.file)
        await storage.put_file(artifacts.thumbnails(dataset_id, shard_id), shard.thumbnails)


async def _publish(
    dataset_id: UUID, outcome: Outcome, shards: list[PackedShard], work: Work[Service]
) -> None:
    """Rows, report, version, fact and the job's end become visible together or not at all."""
    await work.progress(1, "writing samples")
    async with work.finishing() as service:
        await service.datasets.existing(dataset_id, lock=True)
        for shard in shards:
            row = ShardRow(
                id=_shard_id(dataset_id, shard), dataset_id=dataset_id, size_bytes=shard.size_bytes
            )
            await service.samples.add_shard(row, FIRST_VERSION, _lines(shard.samples, PackedSample))
        await service.datasets.complete(dataset_id, outcome, _lines(outcome.problems, ImportProblem))


def _shard_id(dataset_id: UUID, shard: PackedShard) -> UUID:
    return uuid5(dataset_id, shard.digest)


def _lines(path: Path, kind: type[Line]) -> Iterator[Line]:
    with path.open() as file:
        yield from map(kind.model_validate_json, file)
