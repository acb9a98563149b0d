"""Versions on trial: a share of the requests, changed, made the deployment's own, or ended."""

from libs.common.contracts.deployments import Deployment, DeploymentState
from libs.common.contracts.models import ModelVersion
from services.inference.errors import CanaryDoesNotLoad, CanaryIsTheVersionServed, NoCanary
from services.inference.repository import Deployed, Repository, Slot
from services.inference.service.finding import find
from services.inference.service.views import view
from services.inference.service.wishes import Wishes, require_fitting


class Canaries:
    def __init__(self, repository: Repository, wishes: Wishes) -> None:
        self._repository = repository
        self._wishes = wishes

    async def set(self, name: str, version: ModelVersion | None, percent: int) -> Deployment:
        """Asking again for the same changes nothing."""
        await self._repository.deployments.lock(name)
        found = await find(self._repository, name)
        if version is not None:
            require_fitting(found, version)
        if percent == 0:
            return await self._end(found)
        if percent == 100:
            return await self._promote(found, version)
        if version is None or (found.canary is not None and found.canary.desired.is_of(version)):
            return await self._share(found, percent)
        if found.main.desired.is_of(version):
            raise CanaryIsTheVersionServed(
                f"{version.model} v{version.version} is what {name} serves already"
            )
        return await self._wishes.try_beside(found, version, percent)

    async def _share(self, found: Deployed, percent: int) -> Deployment:
        _canary_of(found)
        await self._repository.slots.set_percent(found.name, percent)
        return await self._wishes.changed(found.name)

    async def _end(self, found: Deployed) -> Deployment:
        _canary_of(found)
        await self._repository.slots.end_canary(found.name)
        return await self._wishes.changed(found.name)

    async def _promote(self, found: Deployed, version: ModelVersion | None) -> Deployment:
        if version is None:
            canary = _canary_of(found)
            if canary.row.state == DeploymentState.FAILED:
                raise CanaryDoesNotLoad(f"what is on trial does not load: {canary.row.reason}")
            version = canary.desired.version
        if found.main.desired.is_of(version):
            return view(found)
        return await self._wishes.serve(found.name, version, found.main.desired.settings)


def _canary_of(found: Deployed) -> Slot:
    if found.canary is None:
        raise NoCanary(f"{found.name} has no version on trial: name one with its share")
    return found.canary
