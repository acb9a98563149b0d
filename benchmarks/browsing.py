"""Pages of samples among a million of them, in every order and by every filter, as the room reads them."""

import asyncio
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import get_args
from unittest.mock import patch

import asyncpg
from sqlalchemy import text

from benchmarks.many_samples import NUM_SAMPLES, Many, make_many
from benchmarks.results import Result
from benchmarks.stack import local_stack
from infra.local.control import NEEDED
from infra.local.environment import environment
from libs.common.contracts.base import PageQuery
from libs.common.contracts.samples import ListSamples, SampleFilter, SampleSort
from libs.common.room import Resources, open_resources
from services.datasets.app import SCHEMA, open_service
from services.datasets.settings import Settings

ROUNDS = 5
LIMIT = 60
NUM_EXPLAINED = 2
SORTS: tuple[SampleSort, ...] = get_args(SampleSort)
# How far into the dataset pages begin.
DEPTHS = (0.0, 0.5, 0.99)
CURSOR = """
    SELECT id || ':' || {value} FROM datasets.samples WHERE dataset_id = :dataset_id AND until IS NULL
    ORDER BY {value} {direction}, id {direction} OFFSET :place LIMIT 1
"""
EXPLAIN = (
    "LOAD 'auto_explain'",
    "SET LOCAL auto_explain.log_min_duration = 0",
    "SET LOCAL auto_explain.log_analyze = on",
    "SET LOCAL auto_explain.log_buffers = on",
    "SET LOCAL client_min_messages = log",
)
VALUES = {"name": "name", "size": "size_bytes", "created": "id"}


@dataclass
class Asked:
    """One page, and how long it took each time; the first does not count."""

    kind: str
    request: ListSamples
    milliseconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds[1:])


def measure() -> list[Result]:
    with local_stack(NEEDED) as local, patch.dict(os.environ, environment(local.stack, "datasets")):
        return asyncio.run(_measure(Settings()))


async def _measure(settings: Settings) -> list[Result]:
    async with open_resources("datasets", settings, SCHEMA) as resources:
        many = await make_many(resources.database)
        return [*_written(many), *await browse(resources, many)]


async def browse(resources: Resources[Settings], many: Many) -> list[Result]:
    """One result for each kind of page; the plans of the slowest pages are printed."""
    cursors = await _cursors(resources, many)
    pages = [
        Asked(kind, _request(many, version, wanted, sort, cursors[sort, depth]))
        for kind, version, wanted in _filters(many)
        for sort in SORTS
        for depth in DEPTHS
    ]
    for _ in range(ROUNDS + 1):
        for page in pages:
            await _ask(resources, page)
    for page in sorted(pages, key=lambda page: page.median)[-NUM_EXPLAINED:]:
        print(await _explained(resources, page))
    kinds = defaultdict(list)
    for page in pages:
        kinds[page.kind].append(page)
    return [_result(kind, asked) for kind, asked in kinds.items()]


def _filters(many: Many) -> Iterator[tuple[str, int, SampleFilter]]:
    """What is rare, common, at the end of the order, everywhere and nowhere."""
    random, folders = many.splits["random"], many.splits["by folder"]
    filters = {
        "all": [{}],
        "a label": [
            {"label": label} for label in ("object", "second", "class_99", "class_40", "zebra", "none")
        ],
        "an imported subset": [{"subset": "val"}, {"subset": "train"}],
        "a label in an imported subset": [
            {"label": label, "subset": "val"} for label in ("object", "class_05", "zebra")
        ],
        "a subset of a split": [{"split_id": split, "subset": "val"} for split in (random, folders)],
        "a split": [{"split_id": random}],
        "a label in a subset of a split": [
            {"label": label, "split_id": split, "subset": "val"}
            for split in (random, folders)
            for label in ("object", "class_05", "zebra")
        ],
        "part of a name": [
            {"text": part}
            for part in (".jpg", "val/", "class_97", "abc", "a7", "zq", "class_42/no", "train/class_11/0")
        ],
        "part of a name with a label, a subset, a split": [
            {"text": "val/", "label": "object"},
            {"text": "class_42/no", "label": "second", "subset": "train"},
            {"text": "a7", "split_id": random, "subset": "val"},
        ],
    }
    for kind, each in filters.items():
        for wanted in each:
            yield kind, many.newest, SampleFilter.model_validate(wanted)
    for wanted in ({}, {"label": "class_05"}, {"label": "object"}, {"subset": "val"}, {"text": "class_97"}):
        yield "the first of four versions", 1, SampleFilter.model_validate(wanted)


def _request(
    many: Many, version: int, wanted: SampleFilter, sort: SampleSort, cursor: str | None
) -> ListSamples:
    query = PageQuery(limit=LIMIT, cursor=cursor)
    return ListSamples(dataset_id=many.dataset_id, version=version, filter=wanted, sort=sort, query=query)


async def _cursors(resources: Resources[Settings], many: Many) -> dict[tuple[SampleSort, float], str | None]:
    found: dict[tuple[SampleSort, float], str | None] = {}
    async with resources.database.transaction() as session:
        for sort in SORTS:
            value = VALUES[sort.removeprefix("-")]
            direction = "DESC" if sort.startswith("-") else "ASC"
            statement = text(CURSOR.format(value=value, direction=direction))
            for depth in DEPTHS:
                place = {"dataset_id": many.dataset_id, "place": int(depth * NUM_SAMPLES)}
                found[sort, depth] = await session.scalar(statement, place) if depth else None
    return found


async def _ask(resources: Resources[Settings], page: Asked) -> None:
    """The whole of it, from the request to the answer's own objects."""
    started = time.perf_counter()
    async with resources.database.transaction() as session:
        await open_service(resources, session).samples.list_samples(page.request)
    page.milliseconds.append((time.perf_counter() - started) * 1000)


async def _explained(resources: Resources[Settings], page: Asked) -> str:
    """The plan of its slowest statement, as PostgreSQL carried it out."""
    plans: list[str] = []
    async with resources.database.transaction() as session:
        for statement in EXPLAIN:
            await session.execute(text(statement))
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        assert driver is not None
        listener = partial(_note, plans)
        driver.add_log_listener(listener)
        await open_service(resources, session).samples.list_samples(page.request)
        # They are handed over in a turn of the loop of their own.
        await asyncio.sleep(0.1)
        driver.remove_log_listener(listener)
    return max(plans, key=lambda plan: float(plan.split()[1]))


def _note(plans: list[str], _: object, message: asyncpg.PostgresLogMessage) -> None:
    said = message.as_dict()["message"]
    if said.startswith("duration:"):
        plans.append(said)


def _written(many: Many) -> list[Result]:
    return [
        Result(
            "lists of a million samples with three labels each",
            f"{many.lists_seconds:.0f} s",
            "once per import",
            f"beside {many.rows_seconds:.0f} s for the rows, which the database made itself",
        )
    ]


def _result(kind: str, pages: list[Asked]) -> Result:
    worst = max(pages, key=lambda page: page.median)
    wanted = worst.request.filter.model_dump_json(exclude_none=True)
    return Result(
        f"samples by {kind}" if kind != "all" else "all samples",
        f"{statistics.median(page.median for page in pages):.0f} ms, worst {worst.median:.0f} ms",
        "< 100 ms",
        f"{len(pages)} pages of {LIMIT}, each the median of {ROUNDS}; worst {worst.request.sort} of {wanted}",
    )
