"""Bytes that nothing names any more are deleted only while no backup reads: it may name them still."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Shared by collectors for a transaction each; a backup has it alone, for as long as its connection lives.
BYTES_LOCK = 0x6D6F64656C05
TRY = text("SELECT pg_try_advisory_xact_lock_shared(:lock)")


async def may_delete_bytes(session: AsyncSession) -> bool:
    """True: until the end of the transaction no backup begins. False: come again later."""
    return bool(await session.scalar(TRY, {"lock": BYTES_LOCK}))
