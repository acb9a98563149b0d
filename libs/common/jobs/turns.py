"""Claims, moves and changes of limits take turns, so that what one counts still holds when it acts."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CLAIM_LOCK = 0x6D6F64656C02
TAKE = text(f"SELECT pg_advisory_xact_lock({CLAIM_LOCK})")
TRY = text(f"SELECT pg_try_advisory_xact_lock({CLAIM_LOCK})")


async def take_turn(session: AsyncSession) -> None:
    """In a statement of its own: what the next one sees is then what the turn before has left."""
    await session.execute(TAKE)


async def try_turn(session: AsyncSession) -> bool:
    """For who holds a row already, and must not wait for one who may wait for that row."""
    return bool(await session.scalar(TRY))
