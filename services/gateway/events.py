"""The fact door of the gateway."""

from libs.common.bus import EventDoor
from libs.common.contracts.projects import ProjectDeleted
from services.gateway.people.people import People

events = EventDoor()


@events.on
async def drop_memberships(fact: ProjectDeleted, people: People) -> None:
    assert fact.project_id is not None
    await people.members.forget_project(fact.project_id)
