"""The inbox: a message takes effect once, because its row is in the same transaction as its effects."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.db.platform import InboxRow


class Inbox:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def accepts(self, consumer: str, message_id: object) -> bool:
        """False when `consumer` has dealt with the message before; waits while another process is at it."""
        statement = (
            insert(InboxRow)
            .values(consumer=consumer, message_id=str(message_id))
            .on_conflict_do_nothing()
            .returning(InboxRow.message_id)
        )
        return (await self._session.execute(statement)).scalar_one_or_none() is not None
