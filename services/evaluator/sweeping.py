"""Results of deleted evaluations go in small steps, so that a reset itself takes no time."""

import asyncio

from libs.common.db import Database
from libs.common.errors import Unavailable
from libs.common.log import get_logger
from libs.common.room import Resources
from services.evaluator.repository import ResultRepository
from services.evaluator.settings import Settings

ROWS_AT_ONCE = 20_000
log = get_logger(__name__)


async def sweep(resources: Resources[Settings]) -> None:
    """Until cancelled; several rooms of this kind may sweep at once."""
    while True:
        try:
            await sweep_database(resources.database)
        except Unavailable as error:
            log.warning("sweep_waits", code=error.code)
        await asyncio.sleep(resources.settings.sweep_seconds)


async def sweep_database(database: Database) -> None:
    async with database.transaction() as session:
        leftovers = await ResultRepository(session).leftovers()
    for evaluation_id in leftovers:
        is_more = True
        while is_more:
            async with database.transaction() as session:
                is_more = await ResultRepository(session).sweep(evaluation_id, ROWS_AT_ONCE)
