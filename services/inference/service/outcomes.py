"""What came of the wishes, told by the reconciler; announced once."""

from libs.common.contracts.base import now
from libs.common.contracts.deployments import CanaryFailed, DeploymentFailed, ModelDeployed
from libs.common.db.outbox import Outbox
from services.inference.repository import Deployed, Repository, Slot


class Outcomes:
    def __init__(self, repository: Repository, outbox: Outbox) -> None:
        self._repository = repository
        self._outbox = outbox

    async def every(self) -> list[Deployed]:
        return await self._repository.deployments.every()

    async def note_loading(self, slot: Slot) -> None:
        await self._repository.slots.mark_loading(slot)

    async def note_serving(self, slot: Slot) -> None:
        """Announced once, however often it is seen; what is on trial is not the deployment's version."""
        if not await self._repository.slots.mark_serving(slot):
            return
        await self._repository.announce_change()
        if not slot.row.is_canary:
            version = slot.desired.version
            await self._outbox.add(
                ModelDeployed(
                    project_id=version.project_id,
                    deployment=slot.row.deployment,
                    model=version.model,
                    version=version.version,
                    run_id=version.run_id,
                )
            )

    async def note_failure(self, slot: Slot, reason: str) -> None:
        if not await self._repository.slots.mark_failed(slot, reason, now()):
            return
        version = slot.desired.version
        kind = CanaryFailed if slot.row.is_canary else DeploymentFailed
        await self._outbox.add(
            kind(
                project_id=version.project_id,
                deployment=slot.row.deployment,
                model=version.model,
                version=version.version,
                detail=reason,
                run_id=version.run_id,
            )
        )
