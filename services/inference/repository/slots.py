"""Statements about slots: what each should serve, and what came of it."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentState
from services.inference.models import RevisionRow, SlotRow
from services.inference.repository.reading import Slot


class Slots:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def wish(self, name: str, revision: int, *, is_canary: bool, percent: int | None) -> None:
        """From now on this revision; what serves stays until the reconciler has seen it answer."""
        row = await self._session.scalar(
            select(SlotRow).where(SlotRow.deployment == name, SlotRow.is_canary == is_canary)
        )
        if row is None:
            row = SlotRow(deployment=name, is_canary=is_canary)
            self._session.add(row)
        row.percent, row.desired_revision = percent, revision
        row.state, row.reason, row.updated_at = DeploymentState.PENDING, "", now()
        await self._session.flush()

    async def set_percent(self, name: str, percent: int) -> None:
        await self._session.execute(
            update(SlotRow)
            .where(SlotRow.deployment == name, SlotRow.is_canary)
            .values(percent=percent, updated_at=now())
        )

    async def end_canary(self, name: str) -> None:
        await self._session.execute(delete(SlotRow).where(SlotRow.deployment == name, SlotRow.is_canary))

    async def mark_loading(self, slot: Slot) -> None:
        await self._session.execute(_of(slot).values(state=DeploymentState.LOADING, updated_at=now()))

    async def mark_serving(self, slot: Slot) -> bool:
        """True for the one who sees it first: that one announces it."""
        at, revision = now(), slot.row.desired_revision
        changed = await self._session.scalar(
            _of(slot)
            .where(SlotRow.serving_revision.is_distinct_from(revision))
            .values(serving_revision=revision)
            .returning(SlotRow.deployment)
        )
        await self._session.execute(
            _of(slot)
            .where(SlotRow.state != DeploymentState.READY)
            .values(failed_revision=None, state=DeploymentState.READY, reason="", updated_at=at)
        )
        await self._session.execute(
            update(RevisionRow)
            .where(RevisionRow.deployment == slot.row.deployment, RevisionRow.revision == revision)
            .where(RevisionRow.served_at.is_(None))
            .values(served_at=at)
        )
        return changed is not None

    async def mark_failed(self, slot: Slot, reason: str, at: datetime) -> bool:
        """True for the first failure of this revision."""
        revision = slot.row.desired_revision
        changed = await self._session.scalar(
            _of(slot)
            .where(SlotRow.failed_revision.is_distinct_from(revision))
            .values(failed_revision=revision)
            .returning(SlotRow.deployment)
        )
        await self._session.execute(
            _of(slot).values(failed_at=at, state=DeploymentState.FAILED, reason=reason, updated_at=now())
        )
        return changed is not None


def _of(slot: Slot):
    """Only while that revision is still the desired one: a newer wish is never overwritten."""
    return update(SlotRow).where(
        SlotRow.deployment == slot.row.deployment,
        SlotRow.is_canary == slot.row.is_canary,
        SlotRow.desired_revision == slot.row.desired_revision,
    )
