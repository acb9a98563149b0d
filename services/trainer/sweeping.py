"""After a run: its log is put away, and bytes that nothing names any more leave the object store."""

import asyncio
from datetime import timedelta

from libs.common import artifacts
from libs.common.contracts.base import now
from libs.common.db import Database
from libs.common.db.holding import may_delete_bytes
from libs.common.errors import Unavailable
from libs.common.log import get_logger
from libs.common.room import Resources
from libs.common.storage import Storage, StoredObject
from services.trainer.models import RunRow, SweepRow
from services.trainer.putting_away import put_logs_away
from services.trainer.repository import Repository
from services.trainer.settings import Settings

SWEEP_SECONDS = 5.0
WORKERS_FORGOTTEN_AFTER = timedelta(days=7)
log = get_logger(__name__)


async def sweep(resources: Resources[Settings]) -> None:
    """Until cancelled; several processes may sweep at once."""
    while True:
        try:
            await sweep_once(resources)
            async with resources.database.transaction() as session:
                await Repository(session).workers.forget(now() - WORKERS_FORGOTTEN_AFTER)
        except Unavailable as error:
            log.warning("sweep_waits", code=error.code)
        await asyncio.sleep(SWEEP_SECONDS)


async def sweep_once(resources: Resources[Settings]) -> None:
    """All that is due by now."""
    grace = timedelta(seconds=resources.settings.sweep_grace_seconds)
    while await _sweep_one(resources.database, resources.storage, grace):
        pass


async def _sweep_one(database: Database, storage: Storage, grace: timedelta) -> bool:
    """False when none is due, or a backup is under way."""
    async with database.transaction() as session:
        repository = Repository(session)
        due = await repository.sweeps.next_due(now()) if await may_delete_bytes(session) else None
        if due is None:
            return False
        run = await repository.runs.hold(due.run_id)
        if run is not None and run.is_final:
            await put_logs_away(repository, storage, run.id)
        kept = await _kept(repository, run) if run else ()
        found = await storage.list_objects(artifacts.run_prefix(due.run_id))
        # What was just written may not be recorded yet.
        is_fresh = run is not None and not run.is_final
        old = [each for each in found if not (is_fresh and _is_younger(each, grace))]
        await storage.remove([each.key for each in old if not each.key.startswith(kept)])
        is_over = len(old) == len(found) and not await _has_more_to_say(repository, run)
        await _finish(repository, due, is_over=is_over, grace=grace)
    return True


async def _finish(repository: Repository, due: SweepRow, *, is_over: bool, grace: timedelta) -> None:
    if is_over:
        await repository.sweeps.done(due.run_id)
    else:
        await repository.sweeps.put_off(due.run_id, now() + max(grace, timedelta(seconds=SWEEP_SECONDS)))


async def _kept(repository: Repository, run: RunRow) -> tuple[str, ...]:
    """Packages are prefixes; what was announced stays, since others may speak of it."""
    checkpoints = await repository.checkpoints.of_run(run.id)
    packages = {row.package for row in checkpoints} | ({run.package} if run.package else set())
    states = {row.resume for row in checkpoints if row.resume}
    points = await repository.archive.file(run.id)
    files = {file.key for file in await repository.logs.files(run.id)} | {points.key if points else None}
    return (*packages, *states, *filter(None, files))


async def _has_more_to_say(repository: Repository, run: RunRow | None) -> bool:
    """What was said late may have come while the rest was put away."""
    return run is not None and run.is_final and bool(await repository.logs.attempts(run.id))


def _is_younger(found: StoredObject, grace: timedelta) -> bool:
    return found.modified_at is not None and found.modified_at > now() - grace
