"""Which deployments answer with a version of a model: what they need stays."""

from collections.abc import AsyncIterator
from uuid import UUID

from libs.common.contracts.base import PageQuery
from libs.common.contracts.deployments import Deployment, ListDeployments
from libs.common.contracts.models import GetModel
from libs.common.errors import Conflict
from services.gateway.doors import Doors

NUM_NAMED = 5


class ModelIsServed(Conflict):
    code, title = "model_served", "A deployment answers with it"


async def deployments_of(house: Doors, project_id: UUID) -> AsyncIterator[Deployment]:
    """All of the project's."""
    query = PageQuery(limit=200)
    while True:
        page = await house.ask(ListDeployments(project_id=project_id, query=query))
        for each in page.items:
            yield each
        if page.next_cursor is None:
            return
        query = PageQuery(limit=200, cursor=page.next_cursor)


async def require_unserved(house: Doors, name: str, version: int | None = None) -> None:
    """Raises ModelIsServed with the names of those that would be left without it."""
    model = await house.ask(GetModel(name=name))
    names = [
        each.name
        async for each in deployments_of(house, model.project_id)
        if any((name, version or number) == (found, number) for found, number in each.in_use)
    ]
    if names:
        what = name if version is None else f"{name} v{version}"
        more = f" and {len(names) - NUM_NAMED} more" if len(names) > NUM_NAMED else ""
        raise ModelIsServed(f"{what} is served by {', '.join(names[:NUM_NAMED])}{more}")
