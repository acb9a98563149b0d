"""What is always true when nothing is at work, whatever happened before: one function says what is not."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
from sqlalchemy import text

from libs.common import artifacts
from libs.common.bus import telemetry_epoch
from libs.common.bus.streams import FACTS, TELEMETRY
from tests.faults.owned import collect, num_sweeps_due, unowned
from tests.house import House

# What comes about by itself a little after the work is done: relay, ingestion, sweep, the next reconcile.
SETTLES_SECONDS = 100

UNFINISHED = {
    "job": "SELECT kind || ' ' || id FROM platform.job WHERE state IN ('queued', 'running')",
    "run": "SELECT id FROM trainer.runs WHERE state NOT IN ('completed', 'failed', 'cancelled')",
    "evaluation": "SELECT id FROM evaluator.evaluations WHERE state IN ('queued', 'running')",
    "export": "SELECT id FROM exporter.exports WHERE state IN ('queued', 'running')",
    "model from elsewhere": "SELECT id FROM exporter.imports",
    "dataset": "SELECT id FROM datasets.datasets WHERE is_adding OR status IN ('importing', 'preparing')",
    "export of a dataset": "SELECT id FROM datasets.exports WHERE state = 'running'",
    "detection": "SELECT id FROM datasets.detections WHERE state = 'running'",
    "deployment": "SELECT deployment FROM inference.slots WHERE state NOT IN ('ready', 'failed')",
}
# Runs of one experiment measure the same steps, however often they were interrupted.
MEASURED = """
    SELECT run.experiment_id, run.id AS run, series.key, array_agg(point.step ORDER BY point.step) AS steps
    FROM trainer.runs AS run JOIN trainer.series ON series.run_id = run.id
    JOIN trainer.points AS point ON point.series_id = series.id
    WHERE run.state = 'completed' AND NOT run.is_stopped
    GROUP BY run.experiment_id, run.id, series.key
"""
# A series says what its points say.
SUMMARISED = """
    SELECT series.id FROM trainer.series JOIN trainer.points AS point ON point.series_id = series.id
    GROUP BY series.id HAVING max(point.step) <> series.last_step
"""
PLACE = "SELECT epoch, sequence FROM trainer.place"
TOLD_TWICE = """
    SELECT type, coalesce(
        payload ->> 'evaluation_id', payload ->> 'export_id',
        (payload ->> 'dataset_id') || ' ' || (payload ->> 'version'), payload ->> 'run_id'
    ) AS about, count(*) AS times
    FROM platform.outbox
    WHERE type IN ('run.completed', 'evaluation.completed', 'export.completed', 'dataset.ready')
    GROUP BY 1, 2 HAVING count(*) > 1
"""
MISCOUNTED = {
    "evaluation": """
        SELECT evaluation.id FROM evaluator.evaluations AS evaluation WHERE state = 'completed'
        AND (report ->> 'num_samples')::bigint <>
            (SELECT count(*) FROM evaluator.results WHERE evaluation_id = evaluation.id)
    """,
    "dataset": """
        SELECT dataset.id FROM datasets.datasets AS dataset WHERE status = 'ready'
        AND num_samples <>
            (SELECT count(*) FROM datasets.samples WHERE dataset_id = dataset.id AND until IS NULL)
    """,
    "staged chunk of": "SELECT dataset_id FROM datasets.staged_chunks",
}
SHARDS = "SELECT id, dataset_id, size_bytes FROM datasets.shards"
SAMPLES = 'SELECT name, sha256, "offset", size_bytes FROM datasets.samples WHERE shard_id = :shard'
OUTBOX = "SELECT uuid, type, published_at IS NULL AS is_waiting FROM platform.outbox"
SERVED = """
    SELECT slot.deployment || CASE WHEN is_canary THEN '_canary' ELSE '' END AS name,
        desired_revision, serving_revision
    FROM inference.slots AS slot JOIN inference.deployments AS deployment ON deployment.name = slot.deployment
    WHERE NOT deployment.is_deleted AND slot.state = 'ready'
"""
Look = Callable[[House], Awaitable[list[str]]]
_whole_shards: set[Any] = set()


async def broken(house: House) -> list[str]:
    """Sentences about what is not as promised; none when all is well."""
    looks: tuple[Look, ...] = (
        _unfinished, _points, _samples, _facts, _served, _visible_once, _bytes_without_an_owner,
    )  # fmt: skip
    return [sentence for look in looks for sentence in await _settled(house, look)]


async def _settled(house: House, look: Look) -> list[str]:
    """What is still wrong after a while."""
    deadline = asyncio.get_running_loop().time() + SETTLES_SECONDS
    while (found := await look(house)) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.5)
    return found


async def _unfinished(house: House) -> list[str]:
    return [
        f"{what} {each} has not ended"
        for what, query in UNFINISHED.items()
        for (each,) in await _rows(house, query)
    ]


async def _points(house: House) -> list[str]:
    """None lost, none double, and all that the stream holds is stored."""
    known: dict[tuple[Any, str], list[int]] = {}
    wrong = []
    for experiment, run, key, steps in await _rows(house, MEASURED):
        wanted = known.setdefault((experiment, key), steps)
        if steps != wanted:
            wrong.append(f"run {run} has other points of {key}: {sorted(set(steps) ^ set(wanted))}")
    wrong += [
        f"the summary of series {each} is not that of its points"
        for (each,) in await _rows(house, SUMMARISED)
    ]
    [place] = await _rows(house, PLACE)
    stream = await house.bus.jetstream.stream_info(TELEMETRY)
    there = (await telemetry_epoch(house.bus), stream.state.last_seq)
    return (
        wrong if tuple(place) == there else [*wrong, f"telemetry is stored up to {place}, there is {there}"]
    )


async def _samples(house: House) -> list[str]:
    """Each has its bytes, and those it had when it came."""
    sizes = {each.key: each.size_bytes for each in await house.storage.list_objects("datasets/")}
    wrong = []
    for shard, dataset, size_bytes in await _rows(house, SHARDS):
        key = artifacts.shard(dataset, shard)
        if sizes.get(key) != size_bytes or artifacts.thumbnails(dataset, shard) not in sizes:
            wrong.append(f"shard {key} or its thumbnails are not there as they were")
        elif shard not in _whole_shards:
            damaged = await _damaged(house, key, await _rows(house, SAMPLES, shard=shard))
            wrong += damaged
            if not damaged:
                _whole_shards.add(shard)
    return wrong


async def _damaged(house: House, key: str, samples: Sequence[Any]) -> list[str]:
    content = await house.storage.get_bytes(key)
    return [
        f"sample {name} has other bytes than it came with"
        for name, sha256, offset, size_bytes in samples
        if hashlib.sha256(content[offset : offset + size_bytes]).hexdigest() != sha256
    ]


async def _facts(house: House) -> list[str]:
    """Each in the stream, at least once."""
    state = (await house.bus.jetstream.stream_info(FACTS)).state
    told = set()
    for sequence in range(state.first_seq, state.last_seq + 1):
        message = await house.bus.jetstream.get_msg(FACTS, seq=sequence)
        told.add((message.headers or {}).get("Nats-Msg-Id"))
    return [
        f"fact {kind} {uuid} {'waits' if is_waiting else 'is not in the stream'}"
        for uuid, kind, is_waiting in await _rows(house, OUTBOX)
        if is_waiting or str(uuid) not in told
    ]


async def _served(house: House) -> list[str]:
    """What is wished is what Triton has, and nothing else."""
    rows = await _rows(house, SERVED)
    wrong = [
        f"{name} serves {serves}, wished is {wished}" for name, wished, serves in rows if wished != serves
    ]
    address = house.stack.environment("inference")["MODELYARD_TRITON__HTTP"]
    async with httpx.AsyncClient() as client:
        index = (await client.post(f"http://{address}/v2/repository/index")).json()
    loaded = {(each["name"], int(each["version"])) for each in index if each.get("state") == "READY"}
    wished = {(name, revision) for name, revision, _ in rows}
    return wrong + [f"Triton and the rows differ in {each}" for each in sorted(loaded ^ wished)]


async def _visible_once(house: House) -> list[str]:
    """Of two attempts at the same work one is seen."""
    twice = [
        f"{kind} was told {times} times of {about}" for kind, about, times in await _rows(house, TOLD_TWICE)
    ]
    return twice + [
        f"{what} {each} has other rows than it says"
        for what, query in MISCOUNTED.items()
        for (each,) in await _rows(house, query)
    ]


async def _bytes_without_an_owner(house: House) -> list[str]:
    if num := await num_sweeps_due(house):
        return [f"{num} runs are still to be swept"]
    await collect(house)
    return [f"nobody owns {key}" for key in await unowned(house)]


async def _rows(house: House, query: str, **values: object) -> Sequence[Any]:
    async with house.database.transaction() as session:
        return (await session.execute(text(query), values)).all()
