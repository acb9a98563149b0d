"""Wishes for deployments: made, changed, taken back, listed."""

from uuid import UUID

from libs.common.contracts.base import Gone, Page, PageQuery, now
from libs.common.contracts.deployments import Deployment, ListDeployments, Revision, ServingSettings
from libs.common.contracts.exports import ExportCompleted
from libs.common.contracts.models import ModelVersion
from libs.common.contracts.owners import OwnersInInference, Projects
from libs.common.owners import projects_of
from libs.common.paging import after, page_of, whole_number
from services.inference.errors import DeploymentIsUnknown, NothingToRollBackTo
from services.inference.predictor import Predictor
from services.inference.repository import Repository
from services.inference.service.finding import find, unknown
from services.inference.service.history import Past, before
from services.inference.service.views import revision_view, view
from services.inference.service.wishes import Wishes, require_fitting


class Deployments:
    def __init__(self, repository: Repository, wishes: Wishes, predictor: Predictor) -> None:
        self._repository = repository
        self._wishes = wishes
        self._predictor = predictor

    async def deploy(
        self, name: str, version: ModelVersion, settings: ServingSettings | None = None
    ) -> Deployment:
        """A first deployment, or the next version of one; asking again for the same changes nothing."""
        await self._repository.deployments.lock(name)
        found = await self._repository.deployments.find(name)
        if found is None:
            return await self._wishes.serve(name, version, settings or ServingSettings())
        require_fitting(found, version)
        settings = settings or found.main.desired.settings
        if found.main.desired.is_same(version, settings):
            return view(found)
        return await self._wishes.serve(name, version, settings)

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
            precision=fact.precision,
            file=fact.file,
            card=fact.card,
            parity=fact.parity,
            created_at=now(),
        )
        name = fact.source.deployment or fact.model
        found = await self._repository.deployments.find(name)
        if found is not None and found.row.project_id != version.project_id:
            name = f"{name[:54]}-{version.project_id.hex[-8:]}"
        await self.deploy(name, version)

    async def retune(self, name: str, settings: ServingSettings) -> Deployment:
        """A revision of the same version, which can be gone back from."""
        await self._repository.deployments.lock(name)
        found = await find(self._repository, name)
        if found.main.desired.settings == settings:
            return view(found)
        return await self._wishes.retune(found, settings)

    async def roll_back(self, name: str) -> Deployment:
        """To what served before the present version; rolled back again, to what served before that."""
        await self._repository.deployments.lock(name)
        present = (await find(self._repository, name)).main.desired.version
        history = [Past.of(each) for each in await self._repository.revisions.of_main(name)]
        wish = before(history)
        if wish is None:
            raise NothingToRollBackTo(f"nothing served as {name} before {present.model} v{present.version}")
        return await self._wishes.serve(name, wish.version, wish.settings, is_rollback=True)

    async def owners(self, asked: OwnersInInference) -> Projects:
        found = await self._repository.deployments.owners(asked.keys)
        return projects_of(asked, found, DeploymentIsUnknown, unknown)

    async def get(self, name: str) -> Deployment:
        return view(await find(self._repository, name))

    async def list_deployments(self, wanted: ListDeployments) -> Page[Deployment]:
        query = wanted.query
        found = await self._repository.deployments.page(wanted, query.cursor, query.limit + 1)
        return page_of(found, query, view, lambda each: each.name)

    async def list_revisions(self, name: str, query: PageQuery) -> Page[Revision]:
        await find(self._repository, name)
        rows = await self._repository.revisions.page(name, after(query, whole_number), query.limit + 1)
        return page_of(rows, query, revision_view, lambda each: each.revision)

    async def delete(self, name: str) -> Gone:
        """Who asks after this is told so at once; Triton lets go of it a moment later."""
        await self._repository.deployments.lock(name)
        await find(self._repository, name)
        await self._remove(name)
        return Gone(id=name)

    async def delete_project(self, project_id: UUID) -> None:
        for name in await self._repository.deployments.names_of_project(project_id):
            await self._repository.deployments.lock(name)
            await self._remove(name)

    async def _remove(self, name: str) -> None:
        await self._repository.deployments.delete(name)
        await self._repository.announce_change()
        self._repository.after_commit(lambda: self._predictor.forget(name))
