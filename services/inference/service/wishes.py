"""A wish is a row, a version as it is to be run; making it true is the reconciler's work."""

from libs.common.contracts.base import now
from libs.common.contracts.deployments import Deployment, ServingSettings
from libs.common.contracts.models import ModelVersion
from services.inference.errors import DeploymentNameIsTaken, TaskIsAnother
from services.inference.models import DeploymentRow, RevisionRow
from services.inference.repository import Deployed, Repository
from services.inference.service.finding import find
from services.inference.service.views import view


class Wishes:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def serve(
        self, name: str, version: ModelVersion, settings: ServingSettings, *, is_rollback: bool = False
    ) -> Deployment:
        """The deployment's version from now on; what was on trial beside the old one ends."""
        row = await self._renewed(name, version)
        await self._add(row, version, settings, is_rollback=is_rollback)
        await self._repository.slots.wish(name, row.last_revision, is_canary=False, percent=None)
        await self._repository.slots.end_canary(name)
        return await self.changed(name)

    async def retune(self, found: Deployed, settings: ServingSettings) -> Deployment:
        """The same versions run in another way, the one on trial too."""
        for slot in found.slots:
            is_canary, percent = slot.row.is_canary, slot.row.percent
            await self._add(found.row, slot.desired.version, settings, is_canary=is_canary)
            await self._repository.slots.wish(
                found.name, found.row.last_revision, is_canary=is_canary, percent=percent
            )
        return await self.changed(found.name)

    async def try_beside(self, found: Deployed, version: ModelVersion, percent: int) -> Deployment:
        """For a share of the requests, run as the main version is."""
        await self._add(found.row, version, found.main.desired.settings, is_canary=True)
        await self._repository.slots.wish(
            found.name, found.row.last_revision, is_canary=True, percent=percent
        )
        return await self.changed(found.name)

    async def changed(self, name: str) -> Deployment:
        await self._repository.announce_change()
        return view(await find(self._repository, name))

    async def _renewed(self, name: str, version: ModelVersion) -> DeploymentRow:
        """The name, again free after a deletion or never used."""
        row = await self._repository.deployments.row(name)
        if row is None:
            row = DeploymentRow(name=name, project_id=version.project_id, last_revision=0)
            await self._repository.deployments.add(row)
        elif row.is_deleted:
            row.is_deleted, row.project_id, row.created_at = False, version.project_id, now()
        return row

    async def _add(
        self,
        row: DeploymentRow,
        version: ModelVersion,
        settings: ServingSettings,
        *,
        is_rollback: bool = False,
        is_canary: bool = False,
    ) -> None:
        row.last_revision += 1
        await self._repository.revisions.add(
            RevisionRow(
                deployment=row.name,
                revision=row.last_revision,
                version=version.model_dump(mode="json"),
                settings=settings.model_dump(mode="json"),
                is_rollback=is_rollback,
                is_canary=is_canary,
            )
        )


def require_fitting(found: Deployed, version: ModelVersion) -> None:
    """A deployment stays in its project and with its task."""
    if found.row.project_id != version.project_id:
        raise DeploymentNameIsTaken(f"another project has a deployment {found.name!r}")
    task = found.main.desired.version.task
    if task != version.task:
        raise TaskIsAnother(f"{found.name} answers for {task}, {version.model} is made for {version.task}")
