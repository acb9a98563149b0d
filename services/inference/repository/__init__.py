"""Every SQL statement of the inference room, one file per noun."""

from collections.abc import Callable

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.inference.repository.deployments import Deployments
from services.inference.repository.reading import Deployed, Slot, Wish
from services.inference.repository.revisions import Revisions
from services.inference.repository.slots import Slots
from services.inference.repository.traffic import Traffic

__all__ = ["CHANGES", "Deployed", "Repository", "Slot", "Wish"]

# The PostgreSQL channel on which changed wishes, and what came of them, are told.
CHANGES = "modelyard_deployments"


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.deployments = Deployments(session)
        self.slots = Slots(session)
        self.revisions = Revisions(session)
        self.traffic = Traffic(session)

    async def announce_change(self) -> None:
        """Wakes every instance that keeps Triton and the rows together, when the transaction commits."""
        await self._session.execute(text(f"NOTIFY {CHANGES}"))

    def after_commit(self, what: Callable[[], None]) -> None:
        """Not if the transaction fails."""
        event.listen(self._session.sync_session, "after_commit", lambda _: what(), once=True)
