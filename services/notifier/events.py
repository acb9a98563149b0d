"""The fact door of the notifier: every fact that has a message is told, once."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.bus import EventDoor
from libs.common.bus.events import Reaction
from libs.common.contracts.base import Fact
from libs.common.db import Database
from libs.common.db.inbox import Inbox
from services.notifier.messages import MESSAGES
from services.notifier.service import Service

OpenService = Callable[[AsyncSession], Service]


@dataclass
class Arrival:
    """One fact in one transaction, with its id: a delivery says which fact it is of."""

    notifier: Service
    inbox: Inbox
    fact_id: UUID | None = None

    @property
    def service(self) -> "Arrival":
        return self

    async def first_time(self, consumer: str, fact_id: UUID) -> bool:
        self.fact_id = fact_id
        return await self.inbox.accepts(consumer, fact_id)


def arrivals(
    database: Database, open_service: OpenService
) -> Callable[[], AbstractAsyncContextManager[Arrival]]:
    @asynccontextmanager
    async def open_arrival() -> AsyncIterator[Arrival]:
        async with database.transaction() as session:
            yield Arrival(open_service(session), Inbox(session))

    return open_arrival


async def tell(fact: Fact, arrival: Arrival) -> None:
    assert arrival.fact_id is not None
    await arrival.notifier.notify(arrival.fact_id, fact)


events = EventDoor({kind.type_name(): Reaction(kind, tell) for kind in MESSAGES})
