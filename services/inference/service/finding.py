"""A deployment that is there, or the error that says it is not."""

from services.inference.errors import DeploymentIsUnknown
from services.inference.repository import Deployed, Repository


async def find(repository: Repository, name: str) -> Deployed:
    found = await repository.deployments.find(name)
    if found is None:
        raise DeploymentIsUnknown(unknown(name))
    return found


def unknown(name: str) -> str:
    return f"there is no deployment {name!r}"
