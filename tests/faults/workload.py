"""The work that every fault meets: an import, a training that goes on to Triton, an evaluation, an export."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from libs.client import Modelyard
from libs.common.contracts.base import Step
from libs.common.errors import ModelyardError
from libs.common.ids import new_id
from tests.faults.ground import Ground
from tests.faults.processes import below, standing_still
from tests.house import House

CHAINED = "chained"
HELD_SECONDS = 600
DONE_SECONDS = 900
GOOD = ("completed", "ready")
BAD = ("failed", "cancelled")

JOBS = text("SELECT id, state, progress, attempt FROM platform.job WHERE id = ANY(:ids)")
STANDING = text("""
    SELECT 'import', status FROM datasets.datasets WHERE id = :dataset
    UNION ALL SELECT 'run', state FROM trainer.runs WHERE id = :run
    UNION ALL SELECT 'evaluation', state FROM evaluator.evaluations WHERE id = :evaluation
    UNION ALL SELECT 'export', state FROM exporter.exports WHERE id = :export
    UNION ALL SELECT 'evaluation of the run', state FROM evaluator.evaluations WHERE run_id = :run
    UNION ALL SELECT 'export of the run', state FROM exporter.exports WHERE run_id = :run
    UNION ALL SELECT 'deployment of the run', slot.state
        FROM inference.slots AS slot JOIN inference.revisions AS served
        ON served.deployment = slot.deployment AND served.revision = slot.serving_revision
        WHERE slot.deployment = :deployment AND served.version ->> 'run_id' = CAST(:run AS text)
""")
NUM_PIECES = 7
NUM_TRIES = 3


@dataclass(frozen=True)
class Work:
    """What one case asked for; `jobs` are those that were under way together."""

    run: UUID
    evaluation: UUID
    export: UUID
    dataset: UUID
    jobs: tuple[UUID, ...]


@dataclass(frozen=True)
class Standing:
    pieces: dict[str, str]

    @property
    def is_done(self) -> bool:
        return len(self.pieces) == NUM_PIECES and all(state in GOOD for state in self.pieces.values())

    @property
    def failed(self) -> list[str]:
        return [f"{piece} {state}" for piece, state in self.pieces.items() if state in BAD]


class WasTooFast(AssertionError):
    """Something had ended before all were at work."""


async def begin(yard: Modelyard, house: House, ground: Ground) -> Work:
    """Returns when all four are at work at once, the import and the training in the middle."""
    for _ in range(NUM_TRIES - 1):
        with suppress(WasTooFast):
            return await _begin(yard, house, ground)
    return await _begin(yard, house, ground)


async def _begin(yard: Modelyard, house: House, ground: Ground) -> Work:
    """However fast the machine is: the long ones stand still until the short ones have begun."""
    upload = await asyncio.to_thread(yard.uploads.send, ground.archive)
    run = await asyncio.to_thread(
        lambda: yard.runs.start(ground.experiment_id, then=tuple(Step), deployment=CHAINED)
    )
    await _until_at_work(house, [run.job_id], in_the_middle=True)
    async with standing_still(below(house.stack.pid("worker"))):
        dataset = await asyncio.to_thread(
            lambda: yard.datasets.create(ground.project_id, f"noise-{new_id()}", upload.id)
        )
        assert dataset.job_id
        await _until_at_work(house, [dataset.job_id], in_the_middle=True)
        async with standing_still(below(house.stack.pid("datasets"))):
            evaluation = await asyncio.to_thread(
                lambda: yard.evaluations.create(ground.run_id, subsets=("train", "val", "test"), batch_size=1)
            )
            export = await asyncio.to_thread(lambda: yard.exports.create(ground.run_id))
            assert evaluation.job_id and export.job_id
            jobs = (run.job_id, evaluation.job_id, export.job_id, dataset.job_id)
            await _until_at_work(house, jobs)
    return Work(run.id, evaluation.id, export.id, dataset.id, jobs)


async def finish(house: House, work: Work) -> float:
    """When all of it was done; raises with what failed instead, or is not done in time."""
    deadline = time.monotonic() + DONE_SECONDS
    standing = Standing({})
    while not standing.is_done:
        assert time.monotonic() < deadline, f"not done in {DONE_SECONDS} s: {standing.pieces}"
        await asyncio.sleep(0.2)
        try:
            standing = await _standing(house, work)
        except ModelyardError:
            continue  # the database itself is what is away
        assert not standing.failed, f"{standing.failed}: {await _errors(house)}"
    return time.monotonic()


async def num_attempts(house: House, work: Work) -> int:
    async with house.database.transaction() as session:
        return sum(row.attempt for row in await session.execute(JOBS, {"ids": list(work.jobs)}))


async def _until_at_work(house: House, jobs: Sequence[UUID], *, in_the_middle: bool = False) -> None:
    async with asyncio.timeout(HELD_SECONDS):
        while True:
            async with house.database.transaction() as session:
                rows = (await session.execute(JOBS, {"ids": list(jobs)})).all()
            over = [row.state for row in rows if row.state not in ("queued", "running")]
            if over:
                raise WasTooFast(f"it was too fast to be interrupted: {over}")
            if all(row.state == "running" and (row.progress > 0 or not in_the_middle) for row in rows):
                return
            await asyncio.sleep(0.05)


async def _standing(house: House, work: Work) -> Standing:
    values = {
        "run": work.run,
        "evaluation": work.evaluation,
        "export": work.export,
        "dataset": work.dataset,
        "deployment": CHAINED,
    }
    async with house.database.transaction() as session:
        found = (await session.execute(STANDING, values)).all()
    return Standing(dict(tuple(row) for row in found))


async def _errors(house: House) -> list[str]:
    failed = "SELECT kind, error_code, error_detail FROM platform.job WHERE state = 'failed'"
    async with house.database.transaction() as session:
        return [str(tuple(row)) for row in await session.execute(text(failed))]
