"""PostgreSQL: one pool per process, one transaction per piece of work."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import AsyncAdaptedQueuePool, Table, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from libs.common.errors import BadInput, TimedOut, Unavailable
from libs.common.settings import DatabaseSettings

CONNECT_TIMEOUT_SECONDS = 5
# A paused process must not keep its row locks for ever.
IDLE_IN_TRANSACTION_SECONDS = 60


NO_ROOM = "the database has no room on its disk or in its memory; what was begun is not stored"

# What asyncpg raises for a server that is away, starting or stopping.
NO_CONNECTION = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)


class DatabaseUnavailable(Unavailable):
    code, title = "database_unavailable", "The database does not answer"


class DatabaseIsFull(Unavailable):
    code, title = "database_full", "The database has no room left"


class StatementTookTooLong(TimedOut):
    code, title = "statement_too_long", "The database takes too long for this"


@dataclass(frozen=True)
class Connections:
    """Of a pool, now."""

    busy: int
    idle: int
    limit: int


class Database:
    """`transaction()` for rooms; `dedicated()` for who needs a connection of its own (locks, LISTEN)."""

    def __init__(self, settings: DatabaseSettings, name: str = "modelyard") -> None:
        self._settings = settings
        self._name = name
        # asyncpg reads the address itself: one spelling for pool and dedicated connections, sockets included.
        self.engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect_pooled,
            pool_size=settings.pool_size,
            max_overflow=settings.pool_size,
            pool_timeout=CONNECT_TIMEOUT_SECONDS,
        )
        # The pool's own ping costs every transaction three questions to the server; this costs none.
        event.listen(self.engine.sync_engine, "checkout", _require_open)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @classmethod
    async def connect(cls, settings: DatabaseSettings, name: str = "modelyard") -> "Database":
        """Raises DatabaseUnavailable when nobody answers at the address."""
        database = cls(settings, name)
        await database.ping()
        return database

    async def ping(self) -> None:
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()

    @property
    def connections(self) -> Connections:
        pool = self.engine.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        return Connections(pool.checkedout(), pool.checkedin(), 2 * self._settings.pool_size)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commits on success, rolls back on any error.

        A connection lost on the way is DatabaseUnavailable: whether a commit under way was carried out is
        then unknown, so what follows must be safe to repeat.
        """
        try:
            async with self._sessions.begin() as session:
                yield session
        except DBAPIError as error:
            cause = getattr(error.orig, "__cause__", None)
            if refused := _refused(cause):
                raise refused from error
            if isinstance(cause, asyncpg.InsufficientResourcesError):
                raise DatabaseIsFull(NO_ROOM) from error
            if isinstance(cause, asyncpg.QueryCanceledError):
                raise StatementTookTooLong("the database was stopped at this; try again later") from error
            if not error.connection_invalidated:
                raise
            raise DatabaseUnavailable("the connection to the database was lost") from error
        except asyncpg.InsufficientResourcesError as error:
            raise DatabaseIsFull(NO_ROOM) from error  # of a COPY, which goes past SQLAlchemy
        except PoolTimeout as error:
            raise DatabaseUnavailable("every connection to the database is busy") from error

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection outside the pool, closed at the end; session locks and LISTEN live on it."""
        connection = await self._connect({"application_name": f"{self._name}-dedicated"})
        try:
            yield connection
        finally:
            connection.terminate()

    async def _connect_pooled(self) -> asyncpg.Connection:
        return await self._connect(
            {
                "application_name": self._name,
                "timezone": "UTC",
                "statement_timeout": str(int(self._settings.statement_timeout_seconds * 1000)),
                "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS * 1000),
            }
        )

    async def _connect(self, server_settings: dict[str, str]) -> asyncpg.Connection:
        url, password = self._settings.url.get_secret_value(), self._settings.password
        try:
            return await asyncpg.connect(
                url,
                password=password.get_secret_value() if password else None,
                timeout=CONNECT_TIMEOUT_SECONDS,
                server_settings=server_settings,
            )
        except NO_CONNECTION as error:
            raise DatabaseUnavailable("the database cannot be reached") from error


def _require_open(_: object, record: Any, __: object) -> None:
    """A connection that the server has closed is known as such: the pool makes another one instead."""
    if record.driver_connection.is_closed():
        raise DisconnectionError("the server has closed this connection")


def _refused(error: BaseException | None) -> BadInput | None:
    """For what PostgreSQL has no place for; other faults of values are ours."""
    match error:
        case asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            return BadInput("a text holds a NUL character, which cannot be stored")
        case OverflowError() | asyncpg.DataError(__cause__=OverflowError()):
            return BadInput("a number is too large to be stored")
        case UnicodeEncodeError() | asyncpg.DataError(__cause__=UnicodeEncodeError()):
            return BadInput("a text holds half a character, which cannot be stored")
        case _:
            return None


async def copy_records(
    session: AsyncSession, table: Table, columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> None:
    """COPY into `table` inside the session's transaction, for many rows; JSON columns take JSON text."""
    # The driver begins its transaction with the first statement, and COPY goes past it.
    await session.execute(text("SELECT 1"))
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, asyncpg.Connection)
    try:
        await driver.copy_records_to_table(
            table.name, schema_name=table.schema, columns=list(columns), records=records
        )
    except (asyncpg.DataError, OverflowError, UnicodeEncodeError) as error:
        if refused := _refused(error):
            raise refused from error
        raise
