"""Deliveries as a queue: taken under a lease, settled by who holds it, shown, forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.contracts.base import Page
from libs.common.contracts.channels import Delivery, DeliveryState, ListDeliveries
from libs.common.paging import after, page_of
from services.notifier.letters import Letter, Target
from services.notifier.models import DeliveryRow
from services.notifier.patience import Patience
from services.notifier.repository import Repository
from services.notifier.seal import Seal
from services.notifier.sending import Outcome
from services.notifier.settings import Settings


@dataclass(frozen=True)
class Errand:
    """One try: a letter, where it goes, and which try of this delivery it is."""

    delivery_id: UUID
    channel_id: UUID
    attempt: int
    lease_ends_at: datetime
    letter: Letter
    target: Target


class Deliveries:
    def __init__(self, repository: Repository, seal: Seal, settings: Settings) -> None:
        self._repository = repository
        self._seal = seal
        self._settings = settings
        self._patience = Patience(settings.delivery_attempts)

    async def list(self, wanted: ListDeliveries) -> Page[Delivery]:
        query = wanted.query
        rows = await self._repository.page_deliveries(wanted, after(query, UUID), query.limit + 1)
        return page_of(rows, query, DeliveryRow.view, lambda row: row.id)

    async def take(self, now: datetime) -> Errand | None:
        """Ours until the lease ends; who is killed meanwhile leaves it to the others."""
        lease_ends_at = now + timedelta(seconds=self._settings.delivery_lease_seconds)
        claimed = await self._repository.claim(now, lease_ends_at)
        if claimed is None:
            return None
        row, channel = claimed
        letter = Letter.of(row, self._settings.console_origin)
        target = Target.of(channel, self._seal)
        return Errand(row.id, channel.id, row.attempts, lease_ends_at, letter, target)

    async def settle(self, errand: Errand, outcome: Outcome, now: datetime) -> None:
        """Where somebody else has taken it since, his outcome counts."""
        pause = timedelta(seconds=outcome.after_seconds) if outcome.after_seconds else None
        await self._repository.release(
            errand.channel_id, errand.lease_ends_at, now + pause if pause else None
        )
        row = await self._repository.claimed(errand.delivery_id, errand.attempt)
        if row is None:
            return
        if outcome.error is None:
            row.state, row.error, row.sent_at, row.next_attempt_at = DeliveryState.SENT, None, now, None
            return
        wait = None if outcome.is_final else self._patience.wait(row.attempts, outcome.after_seconds)
        if wait is None:
            self._give_up(row, outcome)
            return
        row.error, row.next_attempt_at = outcome.error, now + wait

    async def forget_old(self, now: datetime) -> int:
        return await self._repository.forget_before(now - timedelta(days=self._settings.deliveries_kept_days))

    def _give_up(self, row: DeliveryRow, outcome: Outcome) -> None:
        words = outcome.error or ""
        row.state, row.next_attempt_at = DeliveryState.FAILED, None
        row.error = words if outcome.is_final else f"{words}; try {row.attempts} was the last"
