"""A million samples as imports, edits and splits would have left them, made by the database itself.

One dataset holds what makes pages hard: a folder per class, so that labels lie together in the order of
names; `val` behind `train`; a label on everything, on every second sample, on thirty of a million; versions
that changed and removed whole classes and added others. Half a million of another lie in the same tables.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from libs.common.db import Database
from libs.common.ids import new_id
from services.datasets.repository.lists import WITHOUT_HURRY, write_lists

NUM_SAMPLES = 1_000_000
NUM_BESIDE = 500_000
NUM_ADDED = 100_000
BATCH = 100_000
FOUND = [
    """
    INSERT INTO datasets.datasets (id, project_id, name, status, source, options, version, num_samples,
        size_bytes, classes, is_adding, created_at, updated_at)
    VALUES (:dataset_id, :project_id, :name, 'ready', '{}', '{}', 0, 0, 0, '{}', false, now(), now())
    """,
    "INSERT INTO datasets.shards (id, dataset_id, size_bytes) VALUES (:shard_id, :dataset_id, 0)",
]
PROJECT = """
    INSERT INTO datasets.projects (id, name, task, description, created_at, updated_at)
    VALUES (:id, 'Benchmark', 'classification', '', now(), now())
"""
# A hundred folders, the last ten of them `val`; in each the names are in no order.
ADD = """
    INSERT INTO datasets.samples (id, since, dataset_id, name, sha256, size_bytes, width, height, media_type,
        shard_id, "offset", thumbnail_offset, thumbnail_size_bytes, hash, subset, labels, fields, annotations,
        created_at)
    SELECT id, version, dataset_id, name, md5(name) || md5(id::text), 20000 + hashint4(n) % 20000, 640, 480,
        'image/jpeg', shard_id, n, n, 5000, hashint4(n), subset, labels, '{"camera": "a"}',
        jsonb_build_array(jsonb_build_object('type', 'labels', 'labels', labels)), now()
    FROM (
        SELECT numbered.*,
            (lpad(to_hex(milliseconds + n / 100), 12, '0') || '7' || substr(md5('a' || n), 1, 3) || '8'
                || substr(md5(shard_id || n::text), 1, 15))::uuid AS id,
            subset || '/class_' || folder || '/' || substr(md5(version || 'x' || n), 1, 10) || '.jpg' AS name,
            ARRAY['class_' || folder, 'object'] || CASE WHEN n % 2 = 0 THEN ARRAY['second'] ELSE '{}' END
                || CASE WHEN n >= num_samples - 30 THEN ARRAY['zebra'] ELSE '{}' END AS labels
        FROM (
            SELECT given.*, n::int, lpad((n * 100 / num_samples)::text, 2, '0') AS folder,
                CASE WHEN n < num_samples * 0.9 THEN 'train' ELSE 'val' END AS subset
            FROM (
                SELECT CAST(:version AS bigint) AS version, CAST(:dataset_id AS uuid) AS dataset_id,
                    CAST(:shard_id AS uuid) AS shard_id, CAST(:milliseconds AS bigint) AS milliseconds,
                    CAST(:num_samples AS bigint) AS num_samples
            ) given, generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n
        ) numbered
    ) named
"""
END = """
    UPDATE datasets.samples SET until = :version
    WHERE dataset_id = :dataset_id AND until IS NULL AND labels && CAST(:labels AS text[])
"""
FOLLOW = """
    INSERT INTO datasets.samples (id, since, dataset_id, name, sha256, size_bytes, width, height, media_type,
        shard_id, "offset", thumbnail_offset, thumbnail_size_bytes, hash, subset, labels, fields, annotations,
        created_at)
    SELECT id, CAST(:version AS bigint), dataset_id, name, sha256, size_bytes, width, height, media_type,
        shard_id, "offset", thumbnail_offset, thumbnail_size_bytes, hash, subset, labels || ARRAY['checked'],
        fields, annotations, now()
    FROM datasets.samples WHERE dataset_id = :dataset_id AND until = :version
"""
VERSION = """
    WITH here AS (
        SELECT labels, subset FROM datasets.samples
        WHERE dataset_id = :dataset_id AND since <= :version AND (until IS NULL OR until > :version)
    ), labelled AS (SELECT label, count(*) FROM here, unnest(labels) label GROUP BY label
    ), sorted AS (SELECT subset, count(*) FROM here GROUP BY subset)
    INSERT INTO datasets.versions (dataset_id, version, message, num_samples, size_bytes, num_added,
        num_removed, num_changed, figures, created_at)
    SELECT CAST(:dataset_id AS uuid), CAST(:version AS bigint), '', count(*), 0, 0, 0, 0, jsonb_build_object(
        'labels', (SELECT jsonb_object_agg(label, count) FROM labelled),
        'subsets', (SELECT jsonb_object_agg(subset, count) FROM sorted)), now() FROM here
"""
PUBLISH = "UPDATE datasets.datasets SET version = :version WHERE id = :dataset_id"
SPLIT = """
    INSERT INTO datasets.splits (id, dataset_id, version, name, method, subsets, shards, classes, num_kept,
        num_left_out, num_groups, num_torn_groups, created_at)
    SELECT CAST(:id AS uuid), CAST(:dataset_id AS uuid), 1, CAST(:name AS text), '{}', jsonb_build_array(
        jsonb_build_object('subset', 'train', 'num_samples', count(*) FILTER (WHERE NOT is_val)),
        jsonb_build_object('subset', 'val', 'num_samples', count(*) FILTER (WHERE is_val))
    ), '[]', '{}', 0, 0, 0, 0, now()
    FROM (SELECT IS_VAL AS is_val FROM datasets.samples WHERE dataset_id = :dataset_id AND since = 1) sorted
"""
ASSIGN = """
    INSERT INTO datasets.assignments (split_id, sample_id, subset, name, size_bytes)
    SELECT CAST(:id AS uuid), id, CASE WHEN IS_VAL THEN 'val' ELSE 'train' END, name, size_bytes
    FROM datasets.samples WHERE dataset_id = :dataset_id AND since = 1
"""
# One in five wherever it lies, and the folders that the import named.
SPLITS = {"random": "hash % 5 = 0", "by folder": "subset = 'val'"}


@dataclass(frozen=True)
class Many:
    """`seconds` for a million: to write the rows, and what pages are read from beside them."""

    dataset_id: UUID
    newest: int
    splits: Mapping[str, UUID]
    rows_seconds: float
    lists_seconds: float


async def make_many(database: Database) -> Many:
    project_id = new_id()
    await run(database, [PROJECT], id=project_id)
    made, beside = Making(database, "many"), Making(database, "beside")
    for each in (made, beside):
        await run(database, FOUND, **each.keys, project_id=project_id, name=each.name)
    rows_seconds = await made.add(NUM_SAMPLES)
    lists_seconds = await made.publish()
    await beside.add(NUM_BESIDE)
    await beside.publish()
    await made.edit("class_05", "class_40", "class_95")
    await made.publish()
    await made.remove("class_00", "class_50")
    await made.publish()
    await made.add(NUM_ADDED)
    await made.publish()
    splits = {name: await made.split(name, is_val) for name, is_val in SPLITS.items()}
    return Many(made.dataset_id, made.version - 1, splits, rows_seconds, lists_seconds)


class Making:
    """One dataset; `version` is the one at work."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self.name = name
        self.dataset_id, self.shard_id = new_id(), new_id()
        self.version = 1

    @property
    def keys(self) -> dict[str, UUID]:
        return {"dataset_id": self.dataset_id, "shard_id": self.shard_id}

    async def add(self, num_samples: int) -> float:
        started, milliseconds = time.perf_counter(), int(time.time() * 1000)
        for first in range(0, num_samples, BATCH):
            await run(
                self._database,
                [ADD],
                **self.keys,
                version=self.version,
                milliseconds=milliseconds,
                num_samples=num_samples,
                first=first,
                last=first + BATCH - 1,
            )
        return time.perf_counter() - started

    async def remove(self, *labels: str) -> None:
        await run(
            self._database, [END], dataset_id=self.dataset_id, version=self.version, labels=list(labels)
        )

    async def edit(self, *labels: str) -> None:
        await self.remove(*labels)
        await run(self._database, [FOLLOW], dataset_id=self.dataset_id, version=self.version)

    async def publish(self) -> float:
        """Seconds for the lists alone."""
        async with self._database.transaction() as session:
            started = time.perf_counter()
            await write_lists(session, self.dataset_id, self.version)
            seconds = time.perf_counter() - started
        await run(self._database, [VERSION, PUBLISH], dataset_id=self.dataset_id, version=self.version)
        self.version += 1
        return seconds

    async def split(self, name: str, is_val: str) -> UUID:
        split_id = new_id()
        statements = [each.replace("IS_VAL", is_val) for each in (SPLIT, ASSIGN)]
        await run(self._database, statements, id=split_id, dataset_id=self.dataset_id, name=name)
        return split_id


async def run(database: Database, statements: list[str], **values: object) -> None:
    async with database.transaction() as session:
        await session.execute(WITHOUT_HURRY)
        for statement in statements:
            named = {key: value for key, value in values.items() if f":{key}" in statement}
            await session.execute(text(statement), named)
