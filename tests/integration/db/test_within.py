"""Lists of who may see some projects of many: few rows are touched, however many others there are."""

from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Double, Integer, Table, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from infra.operations.schemas import schema
from libs.common.contracts.base import PageQuery
from libs.common.contracts.channels import ListDeliveries
from libs.common.contracts.evaluations import ListEvaluations
from libs.common.contracts.experiments import ExperimentFilter, ExperimentSummary
from libs.common.contracts.exports import ListExports
from libs.common.contracts.jobs import ListJobs
from libs.common.contracts.models import ListModels
from libs.common.contracts.queue import ListQueueHistory
from libs.common.contracts.runs import ListRuns
from libs.common.db import Database, migrate
from libs.common.jobs.lists import JobLists
from libs.common.jobs.model import JobRow
from services.evaluator.models import EvaluationRow
from services.evaluator.repository import EvaluationRepository
from services.exporter.models import ExportRow, ModelRow
from services.exporter.repository.exports import ExportRepository
from services.exporter.repository.models import ModelRepository
from services.notifier.models import ChannelRow, DeliveryRow
from services.notifier.repository import Repository as NotifierRepository
from services.trainer.models import ExperimentRow, RunRow, StandingRow
from services.trainer.repository import Repository as TrainerRepository

ROOMS = ("trainer", "evaluator", "exporter", "notifier")
# One after another, as projects come and go: the rows of an old one lie behind all others.
NUM_PROJECTS, ROWS_OF_EACH = 600, 10
LIMIT = 4
TABLES = (ExperimentRow, StandingRow, RunRow, JobRow, EvaluationRow, ExportRow, ModelRow)
QUERY = PageQuery(limit=LIMIT)
TOUCHED = text(
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables"
)
ID = "lpad(to_hex(n), 32, '0')::uuid"
PROJECT = f"lpad(to_hex((n - 1) / {ROWS_OF_EACH} + 1), 32, '0')::uuid"
List = Callable[[AsyncSession, tuple[UUID, ...]], Awaitable[Any]]


async def _runs(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
    return await TrainerRepository(session).runs.page(ListRuns(within=within), None, LIMIT)


def _experiments(sort: Any) -> List:
    async def listed(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
        experiments = TrainerRepository(session).experiments
        return await experiments.page(ExperimentFilter(), within, sort, None, LIMIT)

    return listed


async def _jobs(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
    return (await JobLists(session).newest(ListJobs(within=within, query=QUERY))).items


async def _ended(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
    return (await JobLists(session).ended(ListQueueHistory(within=within, query=QUERY)))[:LIMIT]


async def _evaluations(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
    return await EvaluationRepository(session).page(ListEvaluations(within=within), None, LIMIT)


async def _exports(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
    return await ExportRepository(session).page_exports(ListExports(within=within), None, LIMIT)


async def _models(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
    return await ModelRepository(session).page(ListModels(within=within), None, LIMIT)


async def _deliveries(session: AsyncSession, within: tuple[UUID, ...]) -> Any:
    return await NotifierRepository(session).page_deliveries(ListDeliveries(within=within), None, LIMIT)


LISTS: dict[str, List] = {
    "runs": _runs,
    "experiments": _experiments("-created"),
    "experiments by name": _experiments("name"),
    "experiments by what they reached": _experiments("best"),
    "jobs": _jobs,
    "jobs that have ended": _ended,
    "evaluations": _evaluations,
    "exports": _exports,
    "models": _models,
    "deliveries": _deliveries,
}


RISING = ("experiments by name", "models")


@pytest_asyncio.fixture(scope="module")
async def full(database: Database) -> Database:
    await migrate(database, *map(schema, ROOMS))
    async with database.transaction() as session:
        await session.execute(text(_filled(ChannelRow, 1)))
        for table in (*TABLES, DeliveryRow):
            await session.execute(text(_filled(table, NUM_PROJECTS * ROWS_OF_EACH)))
    async with database.dedicated() as connection:
        await connection.execute("VACUUM ANALYZE")
    return database


@pytest.mark.parametrize("num_projects", [1, 20, 300])
@pytest.mark.parametrize("name", LISTS)
async def test_a_page_touches_what_it_shows_of_each_project_and_no_more(
    full: Database, name: str, num_projects: int
) -> None:
    within = tuple(UUID(int=number) for number in range(1, num_projects + 1))
    async with full.transaction() as session:
        before = await session.scalar(TOUCHED)
        rows = await LISTS[name](session, within)
        touched = await session.scalar(TOUCHED) - before

    last = num_projects * ROWS_OF_EACH
    expected = range(1, LIMIT + 1) if name in RISING else range(last, last - LIMIT, -1)
    assert [_number(row) for row in rows] == list(expected)
    # Of models a project has few: they are sorted when they are asked for.
    most_of_each = ROWS_OF_EACH if name == "models" else 2 * (LIMIT + 1)
    assert touched <= most_of_each * num_projects + 10 * LIMIT


def _number(row: Any) -> int:
    """Which it was made as."""
    match row:
        case ModelRow():
            return int(row.name.removeprefix("n"))
        case (ExperimentSummary() as experiment, _):
            return experiment.id.int
        case _:
            return row.id.int


def _filled(rows: type[DeclarativeBase], num_rows: int) -> str:
    """What has to be there; rows are of one project after another."""
    table = cast(Table, rows.__table__)
    values = {
        column.name: _value(column.name, column.type)
        for column in table.columns
        if not column.nullable or column.name in ("project_id", "finished_at")
        if column.identity is None and column.server_default is None
    }
    columns = ", ".join(f'"{name}"' for name in values)
    selected = ", ".join(values.values())
    return f"INSERT INTO {table.fullname} ({columns}) SELECT {selected} FROM generate_series(1, {num_rows}) n"


def _value(name: str, kind: Any) -> str:
    if name == "project_id":
        return PROJECT
    if name == "channel_id":
        return "lpad(to_hex(1), 32, '0')::uuid"
    match kind:
        case ARRAY():
            return "'{}'"
        case JSONB():
            return "'{}'::jsonb"
        case Uuid():
            return ID
        case DateTime():
            return "now() + n * interval '1 second'"
        case Boolean():
            return "false"
        case BigInteger() | Integer() | Double():
            return "n"
        case _:
            return "'completed'" if name == "state" else "'n' || lpad(n::text, 12, '0')"
