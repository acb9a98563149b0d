"""Lines of a run that has ended leave the table for compressed files in the object store."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from libs.common import artifacts
from libs.common.storage import Storage
from services.trainer.log_files import LINES_PER_BLOCK, write_block
from services.trainer.models import LogFileRow
from services.trainer.repository import Repository

BEFORE_FIRST = -1


async def put_logs_away(repository: Repository, storage: Storage, run_id: UUID) -> None:
    """A file for each attempt that has said something; what is said late gets one more.

    Broken off and begun again it writes the same keys: nothing is named before the caller commits.
    """
    for attempt in await repository.logs.attempts(run_id):
        with TemporaryDirectory(prefix="modelyard-log-") as folder:
            row = await _written(repository, run_id, attempt, Path(folder) / "log")
            await storage.put_file(row.key, Path(folder) / "log", "application/gzip")
        await repository.logs.put_away(row)


async def _written(repository: Repository, run_id: UUID, attempt: int, path: Path) -> LogFileRow:
    blocks, seen = [], BEFORE_FIRST
    with path.open("wb") as file:
        while rows := await repository.logs.of_attempt(run_id, attempt, seen, LINES_PER_BLOCK):
            seen = rows[-1].seq
            lines = [row.view() for row in rows]
            blocks.append(await asyncio.to_thread(write_block, file, lines))
    first = blocks[0].first_seq
    return LogFileRow(
        run_id=run_id,
        attempt=attempt,
        first_seq=first,
        last_seq=seen,
        key=artifacts.run_log(artifacts.attempt_prefix(run_id, attempt), first),
        blocks=[block.stored() for block in blocks],
    )
