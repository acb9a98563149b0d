"""The fact door of the notifier: every fact that has a message is told, once."""

from dataclasses import dataclass
from uuid import UUID

from libs.common.bus import EventDoor
from libs.common.bus.events import Reaction
from libs.common.contracts.base import Fact
from libs.common.db.inbox import Inbox
from services.notifier.messages import MESSAGES
from services.notifier.service import Service


@dataclass
class Arrival:
    """What the bus opens for one fact: like a room's own unit, but it keeps the id, which deliveries name."""

    notifier: Service
    inbox: Inbox
    fact_id: UUID | None = None

    @property
    def service(self) -> "Arrival":
        return self

    async def first_time(self, consumer: str, fact_id: UUID) -> bool:
        self.fact_id = fact_id
        return await self.inbox.accepts(consumer, fact_id)


async def tell(fact: Fact, arrival: Arrival) -> None:
    assert arrival.fact_id is not None
    await arrival.notifier.telling.notify(arrival.fact_id, fact)


events = EventDoor({kind.type_name(): Reaction(kind, tell) for kind in MESSAGES})
