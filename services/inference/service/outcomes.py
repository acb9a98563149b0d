"""What came of the wishes, told by the reconciler; announced once."""

from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentFailed, ModelDeployed
from libs.common.db.outbox import Outbox
from services.inference.repository import Deployed, Repository


class Outcomes:
    def __init__(self, repository: Repository, outbox: Outbox) -> None:
        self._repository = repository
        self._outbox = outbox

    async def every(self) -> list[Deployed]:
        return await self._repository.every()

    async def note_loading(self, deployed: Deployed) -> None:
        await self._repository.mark_loading(deployed.row.name, deployed.row.desired_revision)

    async def note_serving(self, deployed: Deployed) -> None:
        """Announced once, however often it is seen."""
        if await self._repository.mark_serving(deployed.row.name, deployed.row.desired_revision):
            version = deployed.desired
            await self._repository.announce_change()
            await self._outbox.add(
                ModelDeployed(
                    project_id=version.project_id,
                    deployment=deployed.row.name,
                    model=version.model,
                    version=version.version,
                    run_id=version.run_id,
                )
            )

    async def note_failure(self, deployed: Deployed, reason: str) -> None:
        name, revision = deployed.row.name, deployed.row.desired_revision
        if await self._repository.mark_failed(name, revision, reason, now()):
            version = deployed.desired
            await self._outbox.add(
                DeploymentFailed(
                    project_id=version.project_id,
                    deployment=name,
                    model=version.model,
                    version=version.version,
                    detail=reason,
                    run_id=version.run_id,
                )
            )
