"""Transactions, COPY and lost connections."""

import json

import pytest
import pytest_asyncio
from sqlalchemy import Column, Integer, Table, Text, func, select, text
from sqlalchemy.dialects.postgresql import JSONB

from libs.common.db import Database, DatabaseUnavailable, copy_records, room_metadata
from libs.common.db.inbox import Inbox
from libs.common.errors import BadInput, TimedOut, Unavailable
from libs.common.settings import DatabaseSettings

METADATA = room_metadata("public")
DUST = Table(
    "dust", METADATA, Column("id", Integer, primary_key=True), Column("place", Text), Column("more", JSONB)
)


@pytest_asyncio.fixture(autouse=True)
async def _table(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.drop_all)
        await connection.run_sync(METADATA.create_all)


async def count(database: Database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(DUST)) or 0


async def test_copied_rows_belong_to_the_transaction(database: Database) -> None:
    rows = [(number, "shelf", '{"grams": 1}') for number in range(5000)]
    with pytest.raises(LookupError):
        async with database.transaction() as session:
            await copy_records(session, DUST, ("id", "place", "more"), rows)
            raise LookupError("changed its mind")
    assert await count(database) == 0
    async with database.transaction() as session:
        await copy_records(session, DUST, ("id", "place", "more"), rows)
        assert await session.scalar(select(DUST.c.more).where(DUST.c.id == 7)) == {"grams": 1}
    assert await count(database) == 5000


@pytest.mark.parametrize("way", ["a statement", "COPY"])
@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((2**40, "shelf", "{}"), "too large"),
        ((1, "a\0b", "{}"), "NUL"),
        ((1, "shelf", '"a\\u0000b"'), "NUL"),
        ((1, "a\ud800b", "{}"), "half a character"),
    ],
)
async def test_what_cannot_be_stored_is_bad_input(
    database: Database, row: tuple[int, str, str], words: str, way: str
) -> None:
    with pytest.raises(BadInput, match=words):
        async with database.transaction() as session:
            if way == "COPY":
                await copy_records(session, DUST, ("id", "place", "more"), [row])
            else:
                values = dict(zip(("id", "place", "more"), row, strict=True))
                await session.execute(DUST.insert().values(values | {"more": json.loads(row[2])}))
    assert await count(database) == 0


async def test_a_connection_lost_in_a_transaction_is_told_and_the_next_one_works(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction() as session:
            await session.execute(DUST.insert().values(id=1))
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            async with database.dedicated() as other:
                await other.execute("SELECT pg_terminate_backend($1)", pid)
            await session.execute(text("SELECT 1"))
    assert await count(database) == 0


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: object) -> None:
    with pytest.raises(DatabaseUnavailable):
        await Database.connect(
            DatabaseSettings.model_validate({"url": f"postgresql:///none?host={tmp_path}"})
        )


async def test_a_message_is_accepted_once_and_not_at_all_if_its_effects_fail(database: Database) -> None:
    with pytest.raises(LookupError):
        async with database.transaction() as session:
            assert await Inbox(session).accepts("sweeper", "m1")
            raise LookupError("its effects failed")
    accepted = []
    for _ in range(2):
        async with database.transaction() as session:
            accepted.append(await Inbox(session).accepts("sweeper", "m1"))
    assert accepted == [True, False]


async def test_a_statement_that_takes_too_long_is_told_as_such(database: Database) -> None:
    with pytest.raises(TimedOut) as told:
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL statement_timeout = 50"))
            await session.execute(text("SELECT pg_sleep(10)"))

    assert (told.value.code, told.value.status, told.value.retryable) == ("statement_too_long", 504, True)
    assert await count(database) == 0


async def test_a_database_without_room_is_told_as_such_and_stores_nothing(database: Database) -> None:
    """As a full disk makes PostgreSQL say, while a statement is carried out and while rows are copied."""
    body = "$$ BEGIN RAISE disk_full; END $$"
    full = f"CREATE FUNCTION public.is_full() RETURNS trigger LANGUAGE plpgsql AS {body}"
    trigger = "CREATE TRIGGER full_disk BEFORE INSERT ON dust FOR EACH ROW EXECUTE FUNCTION public.is_full()"
    async with database.transaction() as session:
        await session.execute(text("DROP FUNCTION IF EXISTS public.is_full CASCADE"))
        await session.execute(text(full))
        await session.execute(text(trigger))

    for insert in (
        lambda session: session.execute(DUST.insert().values(id=1)),
        lambda session: copy_records(session, DUST, ("id", "place", "more"), [(1, "shelf", None)]),
    ):
        with pytest.raises(Unavailable) as told:
            async with database.transaction() as session:
                await insert(session)
        assert told.value.code == "database_full"
    assert await count(database) == 0
