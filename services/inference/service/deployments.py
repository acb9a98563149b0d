"""Wishes: what should be served is a row; making it true is the reconciler's work."""

from uuid import UUID

from libs.common.contracts.base import Gone, Page, PageQuery, now
from libs.common.contracts.deployments import Deployment, DeploymentState
from libs.common.contracts.exports import ExportCompleted
from libs.common.contracts.models import ModelVersion
from services.inference.errors import DeploymentNameIsTaken, NothingToRollBackTo
from services.inference.models import DeploymentRow, RevisionRow
from services.inference.repository import Deployed, Repository
from services.inference.service.finding import find


class Deployments:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def deploy(self, name: str, version: ModelVersion) -> Deployment:
        """A first deployment, or the next version of one; asking again for the same changes nothing."""
        await self._repository.lock(name)
        found = await self._repository.find(name)
        if found is not None and found.row.project_id != version.project_id:
            raise DeploymentNameIsTaken(f"another project has a deployment {name!r}")
        if found is not None and _same(found.desired, version):
            return view(found)
        return await self._desire(name, version, is_rollback=False)

    async def deploy_export(self, fact: ExportCompleted) -> None:
        """The last step of a run's way: its model under the name that the run was given.

        A file of a format that is not served has no model. Where another project has that name, part of the
        project's id is added, as the registry does.
        """
        if fact.model is None or fact.model_version is None:
            return
        version = ModelVersion(
            model=fact.model,
            version=fact.model_version,
            run_id=fact.run_id,
            export_id=fact.export_id,
            project_id=fact.source.project_id,
            task=fact.source.task,
            file=fact.file,
            card=fact.card,
            parity=fact.parity,
            created_at=now(),
        )
        name = fact.source.deployment or fact.model
        found = await self._repository.find(name)
        if found is not None and found.row.project_id != version.project_id:
            name = f"{name[:54]}-{version.project_id.hex[-8:]}"
        await self.deploy(name, version)

    async def roll_back(self, name: str) -> Deployment:
        """To what served before the present version; rolled back again, to what served before that."""
        await self._repository.lock(name)
        present = (await find(self._repository, name)).desired
        wished = [each for each in await self._repository.revisions(name) if not each.is_rollback]
        newest_first = [(ModelVersion.model_validate(each.version), each.served_at) for each in wished]
        place = next(n for n, (version, _) in enumerate(newest_first) if _same(version, present))
        for version, served_at in newest_first[place + 1 :]:
            if served_at is not None and not _same(version, present):
                return await self._desire(name, version, is_rollback=True)
        raise NothingToRollBackTo(f"nothing served as {name} before {present.model} v{present.version}")

    async def get(self, name: str) -> Deployment:
        return view(await find(self._repository, name))

    async def list_deployments(self, project_id: UUID | None, query: PageQuery) -> Page[Deployment]:
        found = await self._repository.page(project_id, query.cursor, query.limit + 1)
        items = tuple(view(each) for each in found[: query.limit])
        return Page(items=items, next_cursor=items[-1].name if len(found) > query.limit else None)

    async def delete(self, name: str) -> Gone:
        await self._repository.lock(name)
        await find(self._repository, name)
        await self._repository.delete(name)
        await self._repository.announce_change()
        return Gone(id=name)

    async def delete_project(self, project_id: UUID) -> None:
        for name in await self._repository.names_of_project(project_id):
            await self._repository.lock(name)
            await self._repository.delete(name)
        await self._repository.announce_change()

    async def _desire(self, name: str, version: ModelVersion, *, is_rollback: bool) -> Deployment:
        row = await self._repository.row(name)
        if row is None:
            row = DeploymentRow(
                name=name, project_id=version.project_id, desired_revision=0, state="", reason=""
            )
            self._repository.add(row)
        row.project_id = version.project_id
        row.desired_revision += 1
        row.is_deleted = False
        row.state, row.reason = DeploymentState.PENDING, ""
        row.updated_at = now()
        await self._repository.flush()
        self._repository.add(
            RevisionRow(
                deployment=name,
                revision=row.desired_revision,
                version=version.model_dump(mode="json"),
                is_rollback=is_rollback,
            )
        )
        await self._repository.flush()
        await self._repository.announce_change()
        return view(await find(self._repository, name))


def _same(one: ModelVersion, other: ModelVersion) -> bool:
    return (one.model, one.version) == (other.model, other.version)


def view(found: Deployed) -> Deployment:
    row, desired = found.row, found.desired
    return Deployment(
        name=row.name,
        project_id=row.project_id,
        task=desired.task,
        model=desired.model,
        desired_version=desired.version,
        serving_version=found.serving.version if found.serving else None,
        state=DeploymentState(row.state),
        reason=row.reason,
        classes=(found.serving or desired).card.classes,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
